// The chains that judge new connections, made once for each direction and family (program.ts has the picture).
//
//   in4 ─┬─ no tiers ─▶ class of the other end ─▶ in4_pair ─▶ in4_default ─▶ in4_decide: the list ─▶ count and return,
//        │                        ▲                                          or in4_isolation ─▶ count, log, drop
//        │                   in4_network
//        │                        ▲ isolated
//        └─ tiers ─▶ in4_admin ──no rule, or Pass─▶ in4_next ──not isolated─▶ in4_baseline ──no rule─▶ in4_undecided ─▶ return
//                        └─ Accept ─▶ return, Deny ─▶ in4_admin_denied            └─ the same
//
//   own4: the same for what pods send to their own node. NetworkPolicies do not isolate pods from it, so only the tiers are asked.
//
// A tier is asked like NetworkPolicies are: class of the other end, in4_admin_pair, in4_admin_default, in4_admin_list, and then the verdict.
// The packet's priority is the scratch register between the look-ups: the tiers, the class, the list, the verdict. It is 0 when the
// packet leaves.
//
// Each look-up finds what the kernel has at that moment, and a commit may fall between two of them. So no sequence of look-ups may end in
// acceptance because the later ones missed: a packet that met a commit is rather dropped, and its sender sends it again. `*_judged` are
// sets and no maps, because the elements of a deleted table's maps are gone with the commit, while those of its sets stay for the packets
// that are still in its chains (nf_tables deactivates what elements refer to, `nft_map_deactivate`).
import type { Family } from '../cluster/address.ts'
import { OUTCOME, OUTCOME_BITS, type Outcome, TIERS } from './numbers.ts'
import type { Chain, Field, Rule, Statement } from './statement.ts'

export type ShortDirection = 'in' | 'out'
export type TierName = 'admin' | 'baseline'

/** NFLOG group of denied packets. */
export const LOG_GROUP = 5

/** Beginning of the prefix of logged packets; the direction (`in`, `out`) and what denies follow: `vethguard in isolation `. */
export const LOG_PREFIX = 'vethguard '

/** Long enough for an IPv6 header and the ports of TCP, UDP and SCTP behind a few extension headers. */
const LOG_SNAPLEN = 96

const back: Statement = { verdict: 'return' }
const priorityNone: Statement = { set: 'priority', value: 'none' }
const drop: Statement = { verdict: 'drop' }

/**
 * Router and neighbour discovery and redirects (RFC 4861): they pass forward on bridges, and no policy may break them. Routers lower the
 * hop limit, and receivers accept 255 alone: what has been routed is not discovery, whatever it looks like.
 */
const NEIGHBOUR_DISCOVERY: readonly Statement[] = [{ match: 'hop limit', value: 255 }, { match: 'icmpv6', first: 133, last: 137 }]

/** A list's elements by the fields of its key. */
const PORT_KEY: readonly Field[] = ['meta priority', 'meta l4proto', 'th dport']
const NUMBER_KEY: readonly Field[] = ['meta priority']

/** Judges new connections of pods that are judged. @param direction `in`: to a pod; `out`: from one */
export function judged(direction: ShortDirection, family: Family): Rule {
  const set = `${direction}_judged${family}` as const
  return { statements: [{ match: 'set', key: [local(direction, family)], set }, { verdict: 'jump', chain: `${direction}${family}` }] }
}

/** The same for what pods send to the node itself. */
export function judgedOwn(family: Family): Rule {
  const set = `own_judged${family}` as const
  return { statements: [{ match: 'set', key: [local('out', family)], set }, { verdict: 'jump', chain: `own${family}` }] }
}

/** The chains that judge the new connections of one direction and family. */
export function judgement(direction: ShortDirection, family: Family): Chain[] {
  const name = `${direction}${family}` as const
  const sides: Sides = { direction, family }
  return [
    chain(name, [[tiersOf(sides), goTo(`${name}_admin`)], ...peerClass(name, sides, 'network')]),
    ...networkChains(name, sides),
    ...tierChains(name, 'admin', `${name}_next`, sides),
    chain(`${name}_next`, [[isIsolated(sides), goTo(`${name}_network`)], [goTo(`${name}_baseline`)]]),
    ...tierChains(name, 'baseline', `${name}_undecided`, sides),
    undecided(name, sides),
    chain(`${name}_admin_denied`, [[priorityNone], ...denial('admin', sides)]),
    chain(`${name}_baseline_denied`, [[priorityNone], ...denial('baseline', sides)]),
  ]
}

/** The chains for what pods send to the node itself; denials end in those of `out`. */
export function ownJudgement(family: Family): Chain[] {
  const name = `own${family}` as const
  const sides: Sides = { direction: 'out', family }
  return [
    chain(name, [[tiersOf(sides), goTo(`${name}_admin`)], [drop]]),
    ...tierChains(name, 'admin', `${name}_next`, sides),
    chain(`${name}_next`, [[isIsolated(sides), tiersOf(sides), priorityNone, back], [goTo(`${name}_baseline`)]]),
    ...tierChains(name, 'baseline', `${name}_undecided`, sides),
    undecided(name, sides),
  ]
}

interface Sides {
  readonly direction: ShortDirection
  readonly family: Family
}

/** The stage of NetworkPolicies: isolated, and accepted by the list of the other end's class for the pod. */
function networkChains(name: string, sides: Sides): Chain[] {
  const { direction, family } = sides
  const own = local(direction, family)
  return [
    chain(`${name}_pair`, [
      [{ set: 'priority', key: ['meta priority', own], map: `${direction}_pair${family}` }, goTo(`${name}_decide`)],
      [goTo(`${name}_default`)],
    ]),
    chain(`${name}_default`, [
      [{ set: 'priority', key: [own], map: `${direction}_default${family}` }, goTo(`${name}_decide`)],
      [priorityNone, goTo(`${name}_decide`)],
    ]),
    chain(`${name}_decide`, [
      [{ countIn: 'verdict_ports', key: PORT_KEY }, priorityNone, back],
      [{ countIn: 'verdict_ranges', key: PORT_KEY }, priorityNone, back],
      [{ countIn: 'verdict_any', key: NUMBER_KEY }, priorityNone, back],
      [goTo(`${name}_isolation`)],
    ]),
    chain(`${name}_isolation`, [
      [priorityNone],
      // A pod and itself, through a Service.
      [{ match: 'set', key: [source(family), target(family)], set: `self${family}` }, back],
      // Last, so that connections that are allowed do not pay for it.
      ...(family === 6 ? [[...NEIGHBOUR_DISCOVERY, back]] : []),
      ...denial('isolation', sides),
    ]),
    chain(`${name}_network`, peerClass(name, sides, 'network')),
  ]
}

/**
 * What no tier has decided is accepted, if the address is judged by tiers alone still: else a commit fell into the judgement, and took
 * away what Baseline was going to say.
 */
function undecided(name: string, sides: Sides): Chain {
  return chain(`${name}_undecided`, [[isIsolated(sides), drop], [tiersOf(sides), priorityNone, back], [drop]])
}

/** One tier of ClusterNetworkPolicies. @param next the chain that decides what the tier does not */
function tierChains(name: string, tier: TierName, next: string, sides: Sides): Chain[] {
  const { direction, family } = sides
  const own = local(direction, family)
  const prefix = `${name}_${tier}`
  return [
    chain(prefix, [
      ...(family === 6 && tier === 'admin' ? [[...NEIGHBOUR_DISCOVERY, priorityNone, back]] : []),
      ...(tier === 'admin' ? [[has(TIERS.baselineAlone), goTo(next)]] : []),
      ...peerClass(prefix, sides, 'tier'),
    ]),
    chain(`${prefix}_pair`, [
      [{ set: 'priority', key: ['meta priority', own], map: `${direction}_${tier}${family}` }, goTo(`${prefix}_list`)],
      [goTo(`${prefix}_default`)],
    ]),
    chain(`${prefix}_default`, [
      [{ set: 'priority', key: [own], map: `${direction}_${tier}_default${family}` }, goTo(`${prefix}_list`)],
      [goTo(next)],
    ]),
    chain(`${prefix}_list`, [
      [{ set: 'priority', key: PORT_KEY, map: 'tier_ports' }, goTo(`${prefix}_verdict`)],
      [{ set: 'priority', key: PORT_KEY, map: 'tier_ranges' }, goTo(`${prefix}_verdict`)],
      [{ set: 'priority', key: NUMBER_KEY, map: 'tier_any' }, goTo(`${prefix}_verdict`)],
      [goTo(next)],
    ]),
    chain(`${prefix}_verdict`, [
      [{ countIn: 'tier_counters', key: NUMBER_KEY }],
      [is('accept'), priorityNone, back],
      [is('deny'), goTo(`${direction}${family}_${tier}_denied`)],
      [goTo(next)],
    ]),
  ]
}

/** From the other end's address to its class; without one, the default holds. */
function peerClass(name: string, { direction, family }: Sides, stage: 'network' | 'tier'): Statement[][] {
  const remote = direction === 'in' ? source(family) : target(family)
  const prefix = stage === 'tier' ? ('tier_' as const) : ''
  return [
    [{ set: 'priority', key: [remote], map: `${prefix}class${family}` }, goTo(`${name}_pair`)],
    [{ set: 'priority', key: [remote], map: `${prefix}cidr${family}` }, goTo(`${name}_pair`)],
    [goTo(`${name}_default`)],
  ]
}

/** Counted for the pod, logged as far as the limit goes, dropped. */
function denial(by: TierName | 'isolation', { direction, family }: Sides): Statement[][] {
  const map = by === 'isolation' ? (`${direction}_deny${family}` as const) : (`${direction}_deny_${by}${family}` as const)
  return [
    [{ countIn: map, key: [local(direction, family)] }],
    [
      { limit: { perSecond: 20, burst: 40 } },
      { log: { prefix: `${LOG_PREFIX}${direction} ${by} `, group: LOG_GROUP, snaplen: LOG_SNAPLEN } },
    ],
    [drop],
  ]
}

/** The tiers that judge an address, as the packet's priority. */
function tiersOf({ direction, family }: Sides): Statement {
  return { set: 'priority', key: [local(direction, family)], map: `${direction}_tiers${family}` }
}

/** Of the pods that a tier judges, those that NetworkPolicies isolate. */
function isIsolated({ direction, family }: Sides): Statement {
  return { match: 'set', key: [local(direction, family)], set: `${direction}_isolated${family}` }
}

function is(outcome: Outcome): Statement {
  return { match: 'priority', mask: OUTCOME_BITS, bits: OUTCOME[outcome] }
}

function has(bit: number): Statement {
  return { match: 'priority', mask: bit, bits: bit }
}

function chain(name: string, rules: readonly (readonly Statement[])[]): Chain {
  return { family: 'inet', name, rules: rules.map((statements) => ({ statements })) }
}

function goTo(chain: string): Statement {
  return { verdict: 'goto', chain }
}

function local(direction: ShortDirection, family: Family): Field {
  return direction === 'in' ? target(family) : source(family)
}

function source(family: Family): Field {
  return family === 4 ? 'ip saddr' : 'ip6 saddr'
}

function target(family: Family): Field {
  return family === 4 ? 'ip daddr' : 'ip6 daddr'
}
