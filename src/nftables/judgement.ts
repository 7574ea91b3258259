// The chains that judge new connections, made once for each direction and family (program.ts has the picture).
//
//   in4 ─▶ class of the other end ─▶ in4_pair ─▶ in4_default ─▶ in4_decide: the list
//                                                    plain list ─▶ count and return, or in4_isolation ─▶ count, log, drop
//                                                  ordered list ─▶ in4_ordered ─▶ in4_outcome ─▶ return, in4_isolation, in4_admin or in4_baseline
//
//   own4: the same for what pods send to their own node. NetworkPolicies do not isolate pods from it, so only a ClusterNetworkPolicy drops.
//
// The packet's priority is the scratch register between the look-ups: the class, then the list, then the verdict. It is 0 when the packet
// leaves.
import type { Family } from '../cluster/address.ts'
import { ORDERED, OUTCOME, OUTCOME_BITS, type Outcome } from './numbers.ts'
import type { Chain } from './program.ts'
import type { Field, Rule, Statement } from './statement.ts'

export type ShortDirection = 'in' | 'out'
type Denial = Exclude<Outcome, 'accept'>

/** NFLOG group of denied packets. */
export const LOG_GROUP = 5

/** Beginning of the prefix of logged packets; the direction (`in`, `out`) and what denies follow: `vethguard in isolation `. */
export const LOG_PREFIX = 'vethguard '

/** Long enough for an IPv6 header and the ports of TCP, UDP and SCTP behind a few extension headers. */
const LOG_SNAPLEN = 96

const back: Statement = { verdict: 'return' }
const priorityNone: Statement = { set: 'priority', value: 'none' }
const drop: Statement = { verdict: 'drop' }

/** Router and neighbour discovery and redirects (RFC 4861): they pass forward on bridges, and no policy may break them. */
const NEIGHBOUR_DISCOVERY: Statement = { match: 'icmpv6', first: 133, last: 137 }

/** A list's elements by the fields of its key. */
const PORT_KEY: readonly Field[] = ['meta priority', 'meta l4proto', 'th dport']
const NUMBER_KEY: readonly Field[] = ['meta priority']

/** Judges new connections of pods that are judged. @param direction `in`: to a pod; `out`: from one */
export function judged(direction: ShortDirection, family: Family): Rule {
  return { statements: [{ match: 'set', key: [local(direction, family)], set: `${direction}_judged${family}` }, jumpTo(`${direction}${family}`)] }
}

/** The same for what pods send to the node itself. */
export function judgedOwn(family: Family): Rule {
  return { statements: [{ match: 'set', key: [local('out', family)], set: `own_judged${family}` }, jumpTo(`own${family}`)] }
}

/** The chains that judge the new connections of one direction and family. */
export function judgement(direction: ShortDirection, family: Family): Chain[] {
  const name = `${direction}${family}` as const
  return [
    ...listChains(name, direction, family),
    chain(`${name}_decide`, [toOrdered(name), ...plainList(), [goTo(`${name}_isolation`)]]),
    chain(`${name}_ordered`, [...discovery(family), ...orderedList(name)]),
    chain(`${name}_outcome`, [
      [{ countIn: 'ordered_counters', key: NUMBER_KEY }],
      [is('accept'), priorityNone, back],
      [is('isolation'), goTo(`${name}_isolation`)],
      [is('admin'), goTo(`${name}_admin`)],
      [goTo(`${name}_baseline`)],
    ]),
    chain(`${name}_isolation`, [
      [priorityNone],
      // A pod and itself, through a Service.
      [{ match: 'set', key: [source(family), target(family)], set: `self${family}` }, back],
      // Last, so that connections that are allowed do not pay for it.
      ...discovery(family),
      ...denial('isolation', direction, family),
    ]),
    chain(`${name}_admin`, [[priorityNone], ...denial('admin', direction, family)]),
    chain(`${name}_baseline`, [[priorityNone], ...denial('baseline', direction, family)]),
  ]
}

/** The chains for what pods send to the node itself; they end in those of `out`. */
export function ownJudgement(family: Family): Chain[] {
  const name = `own${family}` as const
  return [
    ...listChains(name, 'out', family),
    chain(`${name}_decide`, [toOrdered(name), ...plainList(), [priorityNone]]),
    chain(`${name}_ordered`, [...discovery(family), ...orderedList(name)]),
    chain(`${name}_outcome`, [
      [{ countIn: 'ordered_counters', key: NUMBER_KEY }],
      [is('admin'), goTo(`out${family}_admin`)],
      [is('baseline'), goTo(`out${family}_baseline`)],
      [priorityNone],
    ]),
  ]
}

/** From the addresses to the list: which class is the other end in, and what may it? */
function listChains(name: string, direction: ShortDirection, family: Family): Chain[] {
  const remote = direction === 'in' ? source(family) : target(family)
  const own = local(direction, family)
  return [
    chain(name, [
      [{ set: 'priority', key: [remote], map: `class${family}` }, goTo(`${name}_pair`)],
      [{ set: 'priority', key: [remote], map: `cidr${family}` }, goTo(`${name}_pair`)],
      [goTo(`${name}_default`)],
    ]),
    chain(`${name}_pair`, [
      [{ set: 'priority', key: ['meta priority', own], map: `${direction}_pair${family}` }, goTo(`${name}_decide`)],
      [goTo(`${name}_default`)],
    ]),
    chain(`${name}_default`, [
      [{ set: 'priority', key: [own], map: `${direction}_default${family}` }, goTo(`${name}_decide`)],
      [priorityNone, goTo(`${name}_decide`)],
    ]),
  ]
}

function toOrdered(name: string): Statement[] {
  return [{ match: 'priority', mask: ORDERED, bits: ORDERED }, goTo(`${name}_ordered`)]
}

/** Accepted by a port, a range, or as a whole. */
function plainList(): Statement[][] {
  return [
    [{ countIn: 'verdict_ports', key: PORT_KEY }, priorityNone, back],
    [{ countIn: 'verdict_ranges', key: PORT_KEY }, priorityNone, back],
    [{ countIn: 'verdict_any', key: NUMBER_KEY }, priorityNone, back],
  ]
}

/** The list's verdict; of what it does not mention, nothing is said: it passes. */
function orderedList(name: string): Statement[][] {
  return [
    [{ set: 'priority', key: PORT_KEY, map: 'ordered_ports' }, goTo(`${name}_outcome`)],
    [{ set: 'priority', key: PORT_KEY, map: 'ordered_ranges' }, goTo(`${name}_outcome`)],
    [{ set: 'priority', key: NUMBER_KEY, map: 'ordered_any' }, goTo(`${name}_outcome`)],
    [priorityNone],
  ]
}

function discovery(family: Family): Statement[][] {
  return family === 6 ? [[NEIGHBOUR_DISCOVERY, priorityNone, back]] : []
}

/** Counted for the pod, logged as far as the limit goes, dropped. */
function denial(by: Denial, direction: ShortDirection, family: Family): Statement[][] {
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

function is(outcome: Outcome): Statement {
  return { match: 'priority', mask: OUTCOME_BITS, bits: OUTCOME[outcome] }
}

function chain(name: string, rules: readonly (readonly Statement[])[]): Chain {
  return { family: 'inet', name, rules: rules.map((statements) => ({ statements })) }
}

function goTo(chain: string): Statement {
  return { verdict: 'goto', chain }
}

function jumpTo(chain: string): Statement {
  return { verdict: 'jump', chain }
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
