// Ports by a name that no pod has: of the selected pods for ingress, of the peers for egress.
import type { Reach } from '../compiler/peers/reach.ts'
import type { Queries } from '../compiler/queries.ts'
import { type ActiveRule, type AnyPolicy, isClusterPolicy } from '../compiler/stages/active-policy.ts'
import type { NamedPort } from '../cluster/objects.ts'
import type { NamedPortRef } from '../policy/types.ts'
import type { RulePlace } from './rule-place.ts'
import type { Remarks } from './warning.ts'

/** Where a rule looks for ports; undefined in what follows: nobody is there, which is told elsewhere. */
export interface Pods {
  readonly who: string
  has(port: NamedPortRef): boolean
  /** Protocols of their ports of this name. */
  protocols(name: string): readonly string[]
}

/** @param ofSelected selectedPorts() of the policy */
export function* unknownPorts({ policy, rule, active, reach, direction }: RulePlace, ofSelected: () => Pods | undefined): Remarks {
  if (rule.ports === 'any' || rule.ports.every(({ kind }) => kind === 'number')) return
  const pods = direction === 'ingress' ? ofSelected() : peersOf(active, reach)
  if (pods === undefined) return
  const named = rule.ports.flatMap((port, index) => (port.kind === 'name' ? [{ index, port }] : []))
  if (isClusterPolicy(policy)) yield* unknownNames(named.map(({ port }) => port), pods)
  else yield* unknownEntries(named, pods)
}

function* unknownEntries(named: readonly { readonly index: number; readonly port: NamedPortRef }[], pods: Pods): Remarks {
  for (const { index, port } of named) {
    yield undefined
    if (pods.has(port)) continue
    const message = `${port.name} (${port.protocol}) is the name of no port of ${pods.who}, so nothing is allowed by it; ${remedy(port, pods)}`
    yield { part: `ports[${index}].port`, message }
  }
}

/** In a ClusterNetworkPolicy a name stands for a port of any protocol. */
function* unknownNames(ports: readonly NamedPortRef[], pods: Pods): Remarks {
  for (const [name, alternatives] of Map.groupBy(ports, (port) => port.name)) {
    yield undefined
    if (alternatives.some((port) => pods.has(port))) continue
    const message = `${name} is the name of no port of ${pods.who}, so it matches nothing; name a port of their containers so, or give its number`
    yield { part: 'protocols', message }
  }
}

function remedy({ name, protocol }: NamedPortRef, pods: Pods): string {
  const others = pods.protocols(name)
  if (others.length > 0) return `they have a port ${name} of ${others.join(' and ')}: set protocol to that`
  return `name a ${protocol} port of their containers so, or give its number`
}

/** Looks for the pods that a policy selects when it is called first, once for all rules: there may be thousands of both. */
export function selectedPorts(policy: AnyPolicy, queries: Queries): () => Pods | undefined {
  let found: { pods: Pods | undefined } | undefined
  return () => (found ??= { pods: selectedPods(policy, queries) }).pods
}

function selectedPods(policy: AnyPolicy, queries: Queries): Pods | undefined {
  const groups = [...queries.selected(policy)]
  if (groups.length === 0) return undefined
  const ports = groups.flatMap((group) => group.ports)
  const known = new Set(ports.map(portText))
  return {
    who: 'the pods that the policy selects',
    has: (port) => known.has(portText(port)),
    protocols: (wanted) => [...new Set(ports.filter(({ name }) => name === wanted).map(({ protocol }) => protocol))].sort(),
  }
}

/** A block may hold pods, or the world outside. */
function peersOf({ peers }: ActiveRule, reach: Reach): Pods | undefined {
  const areSome = peers === 'any' || peers.some((peer) => peer.kind !== 'pods' || reach.isReached(peer))
  if (!areSome) return undefined
  return {
    who: peers === 'any' ? 'any pod' : 'the pods that the rule is about',
    has: (port) => reach.hasPort(peers, port),
    protocols: (name) => [...reach.protocolsOf(peers, name)].sort(),
  }
}

function portText({ name, protocol }: Pick<NamedPort, 'name' | 'protocol'>): string {
  return `${protocol} ${name}`
}
