// The reference evaluator: the meaning of NetworkPolicy, written to be read. The compiled program is tested against it, and
// `explain` answers with its reasons. It shares nothing with the compiler but the policies.
import type { Address } from '../cluster/address.ts'
import { type Namespace, type Pod, policyKey } from '../cluster/objects.ts'
import { type Claimants, claimantsOf, trustedOwner } from './owner.ts'
import { type Remote, peersMatch, portsMatch } from './peer.ts'
import { matches } from './selector.ts'
import type { Direction, Policy } from './types.ts'
import type { ClusterState, DirectionVerdict, Flow, Reason, RuleRef, Verdict } from './verdict.ts'

/** The cluster indexed for looking up, and the node whose pods are enforced (undefined: all). */
interface World {
  readonly claimants: (address: Address) => Claimants
  readonly namespaces: ReadonlyMap<string, Namespace>
  readonly policies: ReadonlyMap<string, readonly Policy[]>
  readonly node: string | undefined
}

/** Whether a flow is allowed, and why. `node`: judge as this node does, which enforces on its own pods only. */
export function evaluate(cluster: ClusterState, flow: Flow, node?: string): Verdict {
  return prepareEvaluator(cluster, node)(flow)
}

/** The same for many flows in one cluster. The cluster is read once. */
export function prepareEvaluator(cluster: ClusterState, node?: string): (flow: Flow) => Verdict {
  const world = worldOf(cluster, node)
  return (flow) => {
    const egress = judge(world, 'egress', flow)
    const ingress = judge(world, 'ingress', flow)
    return { allowed: egress.allowed && ingress.allowed, egress, ingress }
  }
}

function judge(world: World, direction: Direction, flow: Flow): DirectionVerdict {
  const claimants = world.claimants(direction === 'egress' ? flow.source : flow.destination)
  const [pod, ...others] = claimants
  if (pod === undefined) return without('not-a-pod')
  if (world.node !== undefined && !claimants.some(({ nodeName }) => nodeName === world.node)) return without('other-node')
  if (flow.source === flow.destination) return without('itself')
  if (others.length > 0) return without('contested')
  if (pod.faulty) return without('faulty')
  return judgePod(world, pod, direction, flow)
}

/** A verdict that no policy has a part in. */
function without(reason: Reason): DirectionVerdict {
  return { allowed: reason !== 'faulty' && reason !== 'contested', reason, isolatedBy: [], allowedBy: [] }
}

/** Isolated by any policy that selects the pod and has the direction; then allowed by any rule of any of these. */
function judgePod(world: World, pod: Pod, direction: Direction, flow: Flow): DirectionVerdict {
  const ofNamespace = world.policies.get(pod.namespace) ?? []
  const isolating = ofNamespace.filter((policy) => policy[direction] !== undefined && matches(policy.podSelector, pod.labels))
  if (isolating.length === 0) return without('not-isolated')
  const remote = remoteOf(world, direction === 'egress' ? flow.destination : flow.source)
  const destination = direction === 'egress' ? remote.pod : pod
  const allowedBy = isolating.flatMap((policy) => allowingRules(policy, direction, (rule) => (
    peersMatch(rule.peers, remote, policy.namespace) && portsMatch(rule.ports, flow, destination)
  )))
  const allowed = allowedBy.length > 0
  return { allowed, reason: allowed ? 'allowed' : 'denied', isolatedBy: isolating.map(({ key }) => key), allowedBy }
}

type Rules = NonNullable<Policy[Direction]>

function allowingRules(policy: Policy, direction: Direction, allows: (rule: Rules[number]) => boolean): RuleRef[] {
  const rules: Rules = policy[direction] ?? []
  return rules.flatMap((rule, index) => (allows(rule) ? [{ policy: policy.key, rule: index }] : []))
}

function remoteOf(world: World, address: Address): Remote {
  const pod = trustedOwner(world.claimants(address))
  const namespace = pod === undefined ? undefined : world.namespaces.get(pod.namespace)
  return { address, pod, namespaceLabels: namespace?.labels }
}

function worldOf(cluster: ClusterState, node: string | undefined): World {
  const pods = [...cluster.pods]
  const byAddress = Map.groupBy(pods.flatMap((pod) => pod.addresses.map((address) => ({ address, pod }))), ({ address }) => address)
  const claimants = new Map([...byAddress].map(([address, claims]) => [address, claimantsOf(address, claims.map(({ pod }) => pod))]))
  const policies = [...cluster.policies].sort((a, b) => (policyKey(a) < policyKey(b) ? -1 : 1))
  return {
    claimants: (address) => claimants.get(address) ?? [],
    namespaces: new Map(Array.from(cluster.namespaces, (namespace) => [namespace.name, namespace])),
    policies: Map.groupBy(policies, ({ namespace }) => namespace),
    node,
  }
}
