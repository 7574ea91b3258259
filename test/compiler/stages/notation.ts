// Rules, peers and judgements as short texts, so that a table of cases reads like the policies that it is about.
import type { NamedPort, PolicyKey, Protocol } from '../../../src/cluster/objects.ts'
import { getOrAdd } from '../../../src/base/collections.ts'
import type { PodPredicate, PortPredicate, Predicate } from '../../../src/compiler/model.ts'
import type { ActiveRule, Peer } from '../../../src/compiler/stages/active-policy.ts'
import { type Entry, type Judgement, judgementOf } from '../../../src/compiler/stages/judgement.ts'
import { type Hit, ISOLATED, NEXT, type Verdict, verdictOf } from '../../../src/compiler/stages/verdict.ts'
import type { Port } from '../../../src/policy/types.ts'
import type { HitAction } from '../../../src/policy/verdict.ts'

const predicates = new Map<string, PodPredicate>()
const hits = new Map<string, Hit>()

/** "Is a pod of this group": the same name is the same predicate. */
export function predicate(name: string): PodPredicate {
  const selector = { requirements: [] }
  return getOrAdd(predicates, name, () => ({ kind: 'pods', id: predicates.size + 1, key: name, any: [{ key: name, namespaces: selector, pods: selector }] }))
}

/** "Its port of this name is that number." */
export function portPredicate(name: string, port: number, protocol: Protocol = 'TCP'): PortPredicate {
  return { kind: 'port', id: 1000 + port, port, name: { kind: 'name', id: 999, key: `name ${protocol} ${name}`, name, protocol } }
}

/** `x/web` of a NetworkPolicy, `/edge/deny-3` of a rule of a ClusterNetworkPolicy: the same key is the same object, as it is in a policy. */
export function hit(key: string): Hit {
  return getOrAdd(hits, key, () => {
    const [, policy = key, action = 'accept', rule] = /^(\/.*)\/(\w+)-(\d+)$/.exec(key) ?? []
    return { key, policy: policy as PolicyKey, action: action as HitAction, rule: rule === undefined ? undefined : Number(rule) }
  })
}

/** `next`, `isolated`, `accept x/one x/other`, `deny /edge/deny-0`, `next /edge/pass-1`. */
export function verdict(text: string): Verdict {
  if (text === 'next') return NEXT
  if (text === 'isolated') return ISOLATED
  const [action, ...keys] = text.split(' ')
  return verdictOf(action as Verdict['action'], keys.map(hit))
}

/** `any`, `none`, or `TCP 80, UDP 1-100, TCP web`. */
export function ports(text: string): readonly Port[] | 'any' {
  if (text === 'any') return 'any'
  if (text === 'none') return []
  return text.split(', ').map((each): Port => {
    const [protocol, port] = each.split(' ') as [Protocol, string]
    if (/^[a-z]/.test(port)) return { kind: 'name', protocol, name: port }
    const [first = '', last = first] = port.split('-')
    return { kind: 'number', protocol, first: Number(first), last: Number(last) }
  })
}

/** Rules of NetworkPolicies: `x/web: TCP 80 from a b` (from any of the two groups; without `from`: anybody). */
export function networkRules(...texts: readonly string[]): ActiveRule[] {
  return texts.map((text) => {
    const [key = '', rest = ''] = text.split(': ')
    return { hit: hit(key), ...peersAndPorts(rest) }
  })
}

/** Rules of one ClusterNetworkPolicy, in order: `deny TCP 80 from a`. */
export function tierRules(policy: string, ...texts: readonly string[]): ActiveRule[] {
  return texts.map((text, index) => {
    const [action = ''] = text.split(' ')
    return { hit: hit(`/${policy}/${action}-${index}`), ...peersAndPorts(text.slice(action.length + 1)) }
  })
}

function peersAndPorts(text: string): Pick<ActiveRule, 'peers' | 'ports'> {
  const [of = '', from] = text.split(/ ?from ?/)
  return { ports: ports(of), peers: from === undefined ? 'any' : from.split(' ').filter(Boolean).map(predicate) }
}

/** The other end: of these groups (or with these ports), and for ingress the ports of the pod itself. */
export function peer(holds: readonly (string | Predicate)[] = [], local?: readonly NamedPort[]): Peer {
  return { holds: holds.map((each) => (typeof each === 'string' ? predicate(each) : each)), local }
}

/** What a judgement says, one entry a line: `TCP 80-90: deny /edge/deny-0`, and `*: next` for the rest. */
export function textOf({ ports: single, ranges, rest }: Judgement): string[] {
  return [...[...single, ...ranges].map((entry) => `${entryText(entry)}: ${verdictText(entry.verdict)}`), `*: ${verdictText(rest)}`]
}

/** The judgement of such lines. */
export function judgement(...lines: readonly string[]): Judgement {
  const rest = verdict(lines.at(-1)!.replace('*: ', ''))
  const entries = lines.slice(0, -1).map((line): Entry => {
    const [range = '', of = ''] = line.split(': ')
    const [port] = ports(range)
    if (port === undefined || typeof port === 'string' || port.kind === 'name') throw new TypeError(`no range: ${line}`)
    return { protocol: port.protocol, first: port.first, last: port.last, verdict: verdict(of) }
  })
  return judgementOf(entries, rest)
}

/** As verdict() reads it. */
export function verdictText(of: Verdict): string {
  return of === ISOLATED ? 'isolated' : [of.action, ...of.hits.map(({ key }) => key)].join(' ')
}

function entryText({ protocol, first, last }: Entry): string {
  return `${protocol} ${first}${first === last ? '' : `-${last}`}`
}
