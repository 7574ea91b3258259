// Ports by a name that no pod has: of the selected pods for ingress, of the peers for egress.
import type { Queries } from '../compiler/queries.ts'
import type { ActiveRule } from '../compiler/stages/active-policy.ts'
import type { NamedPort } from '../cluster/objects.ts'
import type { NamedPortRef, Policy } from '../policy/types.ts'
import type { RulePlace } from './rule-place.ts'
import type { Found } from './warning.ts'

/** Where a rule looks for ports; undefined in what follows: nobody is there, which is told elsewhere. */
export interface Pods {
  readonly who: string
  has(port: NamedPortRef): boolean
  /** Protocols of their ports of this name. */
  protocols(name: string): readonly string[]
}

/** @param ofSelected selectedPorts() of the policy */
export function* unknownPorts({ policy, rule, active, direction, path }: RulePlace, queries: Queries, ofSelected: () => Pods | undefined): Found {
  if (rule.ports === 'any' || rule.ports.every(({ kind }) => kind === 'number')) return
  const pods = direction === 'ingress' ? ofSelected() : peersOf(active, queries)
  if (pods === undefined) return
  for (const [index, port] of rule.ports.entries()) {
    yield undefined
    if (port.kind !== 'name' || pods.has(port)) continue
    const message = `${port.name} (${port.protocol}) is the name of no port of ${pods.who}, so nothing is allowed by it; ${remedy(port, pods)}`
    yield { policy: policy.key, reason: 'named-port-unknown', field: `${path}.ports[${index}].port`, message }
  }
}

function remedy({ name, protocol }: NamedPortRef, pods: Pods): string {
  const others = pods.protocols(name)
  if (others.length > 0) return `they have a port ${name} of ${others.join(' and ')}: set protocol to that`
  return `name a ${protocol} port of their containers so, or give its number`
}

/** Looks for the pods that a policy selects when it is called first, once for all rules: there may be thousands of both. */
export function selectedPorts(policy: Policy, queries: Queries): () => Pods | undefined {
  let found: { pods: Pods | undefined } | undefined
  return () => (found ??= { pods: selectedPods(policy, queries) }).pods
}

function selectedPods(policy: Policy, queries: Queries): Pods | undefined {
  const groups = queries.selected(policy)
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
function peersOf({ peers }: ActiveRule, queries: Queries): Pods | undefined {
  const areSome = peers === 'any' || peers.some((peer) => peer.kind !== 'pods' || queries.isReached(peer))
  if (!areSome) return undefined
  return {
    who: peers === 'any' ? 'any pod' : 'the pods that the rule is about',
    has: (port) => queries.hasPort(peers, port),
    protocols: (name) => [...queries.protocolsOf(peers, name)].sort(),
  }
}

function portText({ name, protocol }: Pick<NamedPort, 'name' | 'protocol'>): string {
  return `${protocol} ${name}`
}
