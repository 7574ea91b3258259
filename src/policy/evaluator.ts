// The reference evaluator: the meaning of policies, written to be read. The compiled program is tested against it. It shares nothing with
// the compiler but the policies.
//
//   per direction:  Admin ──no rule, or Pass──▶ NetworkPolicies ──do not isolate──▶ Baseline ──no rule, or Pass──▶ allowed
//                     │ Accept, Deny                │ isolate: a rule allows it, or denied     │ Accept, Deny
import type { Pod } from '../cluster/objects.ts'
import { peersMatch, portsMatch } from './peer.ts'
import { matches } from './selector.ts'
import { firstMatch } from './tier.ts'
import type { Direction, Policy, Tier } from './types.ts'
import type { ClusterState, DirectionVerdict, Flow, Reason, RuleRef, Verdict } from './verdict.ts'
import { type Question, remoteOf, type World, worldOf } from './world.ts'

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
  const exempt = exemption(world, direction, claimants, flow)
  if (others.length > 0) return without(exempt ?? 'contested')
  return pod.faulty ? without(exempt ?? 'faulty') : judgePod(world, questionOf(world, direction, pod, flow))
}

function questionOf(world: World, direction: Direction, pod: Pod, flow: Flow): Question {
  const remote = remoteOf(world, direction === 'egress' ? flow.destination : flow.source)
  return { pod, direction, flow, remote, destination: direction === 'egress' ? remote.pod : pod, exempt: exemption(world, direction, [pod], flow) }
}

/** Why NetworkPolicies cannot isolate a pod from this peer; undefined: they can. @param claimants the pod, or all that it may be */
function exemption(world: World, direction: Direction, claimants: readonly Pod[], flow: Flow): 'itself' | 'own-node' | undefined {
  if (flow.source === flow.destination) return 'itself'
  const homes = world.node === undefined ? claimants.map(({ nodeName }) => nodeName) : [world.node]
  const isForOwnNode = flow.isForOwnNode ?? homes.every((home) => world.nodesAt(flow.destination).some(({ name }) => name === home))
  return direction === 'egress' && isForOwnNode ? 'own-node' : undefined
}

const NOTHING: DirectionVerdict = { allowed: true, reason: 'not-isolated', isolatedBy: [], allowedBy: [], passedBy: [], decidedBy: undefined }

/** A verdict that no policy has a part in. */
function without(reason: Reason): DirectionVerdict {
  return { ...NOTHING, allowed: reason !== 'faulty' && reason !== 'contested', reason }
}

function judgePod(world: World, question: Question): DirectionVerdict {
  const isolating = isolatingPolicies(world, question)
  const admin = decide(world, question, 'Admin')
  if (admin.decidedBy !== undefined) return admin
  if (isolating.length > 0) return { ...(question.exempt === 'own-node' ? without('own-node') : judgeIsolated(isolating, question)), passedBy: admin.passedBy }
  const baseline = decide(world, question, 'Baseline')
  const reason = baseline.decidedBy === undefined ? question.exempt ?? 'not-isolated' : baseline.reason
  return { ...baseline, reason, passedBy: [...admin.passedBy, ...baseline.passedBy] }
}

/** The first rule of the tier that matches; a Pass decides nothing. */
function decide(world: World, question: Question, tier: Tier): DirectionVerdict {
  const match = firstMatch(world, question, tier)
  if (match === undefined) return NOTHING
  const { action, ...rule } = match
  if (action === 'Pass') return { ...NOTHING, passedBy: [rule] }
  return { ...NOTHING, allowed: action === 'Accept', reason: action === 'Accept' ? 'accepted' : 'refused', decidedBy: { ...rule, tier } }
}

/** Isolated by any policy that selects the pod and has the direction; then allowed by any rule of any of these. */
function isolatingPolicies(world: World, { pod, direction }: Question): Policy[] {
  const ofNamespace = world.policies.get(pod.namespace) ?? []
  return ofNamespace.filter((policy) => policy[direction] !== undefined && matches(policy.podSelector, pod.labels))
}

function judgeIsolated(isolating: readonly Policy[], question: Question): DirectionVerdict {
  const allowedBy = isolating.flatMap((policy) => allowingRules(policy, question))
  const reason = allowedBy.length > 0 ? 'allowed' : question.exempt ?? 'denied'
  return { ...NOTHING, allowed: reason !== 'denied', reason, isolatedBy: isolating.map(({ key }) => key), allowedBy }
}

function allowingRules(policy: Policy, { direction, flow, remote, destination }: Question): RuleRef[] {
  const rules = policy[direction] ?? []
  return rules.flatMap(({ peers, ports }, index) => {
    const allows = peersMatch(peers, remote, policy.namespace) && portsMatch(ports, flow, destination)
    return allows ? [{ policy: policy.key, rule: index }] : []
  })
}

