// One rule of a ClusterNetworkPolicy -> ClusterRule. What is not understood of an Accept rule matches nothing; any other rule then
// denies, and at least what it could have been about.
import { type Place, field, hasOnly, isMissing, isObject, quote, report, text } from '../cluster/fields.ts'
import { filledList, shortList } from './crd-fields.ts'
import { readClusterPeer } from './read-cluster-peer.ts'
import { readClusterPorts } from './read-cluster-port.ts'
import type { Action, ClusterPeer, ClusterRule, Direction, Port } from './types.ts'

const PEERS = { ingress: 'from', egress: 'to' } as const
const RULE_FIELDS = { ingress: new Set(['name', 'action', 'from', 'protocols']), egress: new Set(['name', 'action', 'to', 'protocols']) }
const ACTIONS: ReadonlySet<unknown> = new Set<Action>(['Accept', 'Deny', 'Pass'])

export const DENY_ALL: ClusterRule = { action: 'Deny', peers: 'any', ports: 'any' }

/** What follows if a part of a rule is not understood. */
interface Consequences {
  readonly rule: string
  readonly peers: string
  readonly peer: string
  readonly protocol: string
}

const OF_ACCEPT: Consequences = {
  rule: 'this rule accepts nothing',
  peers: 'this rule accepts nothing',
  peer: 'this peer matches nothing',
  protocol: 'this entry matches nothing',
}
const OF_OTHERS: Consequences = {
  rule: 'this rule denies its peers, whatever the port',
  peers: 'this rule denies every peer',
  peer: 'this rule denies every peer',
  protocol: 'this rule denies its peers, whatever the port',
}

interface Entries<Entry> {
  /** Those that were understood. */
  readonly list: readonly Entry[]
  /** All were. */
  readonly isWhole: boolean
}

const UNKNOWN: Entries<never> = { list: [], isWhole: false }

interface RuleParts {
  /** null: not understood. */
  readonly action: Action | null
  /** No field is unknown. */
  readonly understood: boolean
  readonly peers: Entries<ClusterPeer>
  /** 'any': there is no list. */
  readonly ports: Entries<Port> | 'any'
}

/** Reads a rule, which keeps its number whatever is wrong with it. */
export function readClusterRule(place: Place, direction: Direction): ClusterRule {
  if (!isObject(place)) return DENY_ALL
  const action = readAction(field(place, 'action', 'this rule denies'))
  const { rule, peers, peer, protocol } = action === 'Accept' ? OF_ACCEPT : OF_OTHERS
  text(field(place, 'name', 'the name is ignored'))
  const protocols = field(place, 'protocols', protocol)
  return ruleOf({
    action,
    understood: hasOnly({ ...place, consequence: rule }, RULE_FIELDS[direction]),
    peers: entriesOf(filledList(field(place, PEERS[direction], peers), peer), (entry) => readClusterPeer(entry, direction)),
    ports: isEmpty(protocols) ? 'any' : entriesOf(shortList(protocols), readClusterPorts),
  })
}

function ruleOf({ action, understood, peers, ports }: RuleParts): ClusterRule {
  if (action !== 'Accept') return denyingRule(action, peers, understood ? ports : UNKNOWN)
  return understood ? { action, peers: peers.list, ports: ports === 'any' ? ports : ports.list } : { action, peers: [], ports: [] }
}

/** The rule as it is, or if it is not understood, one that denies what the parts that are leave open. */
function denyingRule(action: Action | null, peers: RuleParts['peers'], ports: RuleParts['ports']): ClusterRule {
  const isPortsWhole = ports === 'any' || ports.isWhole
  return {
    action: peers.isWhole && isPortsWhole ? (action ?? 'Deny') : 'Deny',
    peers: peers.isWhole ? peers.list : 'any',
    ports: ports !== 'any' && ports.isWhole ? ports.list : 'any',
  }
}

function readAction(place: Place): Action | null {
  if (ACTIONS.has(place.value)) return place.value as Action
  return report(place, isMissing(place) ? 'missing' : `${quote(place.value)} is not Accept, Deny or Pass`)
}

/** An empty list of protocols counts as missing: the API has none. */
function isEmpty(place: Place): boolean {
  return isMissing(place) || (Array.isArray(place.value) && place.value.length === 0)
}

function entriesOf<Entry>(places: readonly Place[] | null, read: (place: Place) => Entry[] | null): Entries<Entry> {
  const entries = places?.map(read) ?? [null]
  return { list: entries.flatMap((entry) => entry ?? []), isWhole: !entries.includes(null) }
}
