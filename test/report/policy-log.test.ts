// One line for each policy, with how many pods of the node it isolates; read from a real agent over a back end in memory.
import { afterEach, expect, test } from '@jest/globals'
import type { Agent } from '../../src/agent/agent.ts'
import { FULL_LINES } from '../../src/report/few-lines.ts'
import type { Notice } from '../../src/cluster/notice.ts'
import type { Pod } from '../../src/cluster/objects.ts'
import { podKey, policyKey } from '../../src/cluster/objects.ts'
import { readClusterPolicy } from '../../src/policy/read-cluster-policy.ts'
import { readPolicy } from '../../src/policy/read.ts'
import type { ClusterPolicy, Policy } from '../../src/policy/types.ts'
import type { Change } from '../../src/source.ts'
import { clusterPolicy, pod, policy } from '../policy/state.ts'
import { agentOf, nextTurn, ToldSource } from '../agent/agent-in-process.ts'
import { until } from '../../lab/patience.ts'
import { keepingLog, type LogLine } from '../agent/log-lines.ts'
import { MemoryBackend } from '../agent/memory-backend.ts'

const PODS = [pod('x/a', '10.0.0.1'), pod('x/b', '10.0.0.2'), pod('x/c', '10.0.0.3', { nodeName: 'node-b' })]
const DENY = { podSelector: {}, policyTypes: ['Ingress'] }

let agent: Agent | undefined
afterEach(() => agent?.close())

interface Told {
  readonly source: ToldSource
  readonly backend: MemoryBackend
  readonly lines: LogLine[]
  readonly notices: Notice[]
}

async function started(...policies: readonly (Policy | ClusterPolicy)[]): Promise<Told> {
  const [source, backend, { log, lines }] = [new ToldSource([...PODS.map(put), ...policies.map(putPolicy)]), new MemoryBackend(), keepingLog()]
  const notices: Notice[] = []
  agent = agentOf(source, backend, { log, notify: (notice) => void notices.push(notice) })
  await agent.start()
  await nextTurn()
  return { source, backend, lines, notices }
}

function put(now: Pod): Change {
  return { kind: 'pod', key: podKey(now), now }
}

function putPolicy(now: Policy | ClusterPolicy): Change {
  return 'tier' in now ? { kind: 'cluster-policy', key: now.key, now } : { kind: 'policy', key: now.key, now }
}

/** Of policies, since the last time. */
function taken(lines: LogLine[], level?: LogLine['level']): unknown[] {
  const found = lines.splice(0).filter(({ component, level: is }) => component === 'policies' && (level === undefined || level === is))
  return found.map(({ level: is, msg, policy: name, tier, priority, isolates, appliesTo, why }) => (
    [is, msg, name, tier, priority, isolates, appliesTo, why].filter((field) => field !== undefined)
  ))
}

/** The same, as soon as there is any: the first ClusterNetworkPolicy takes several turns. */
async function next(lines: LogLine[]): Promise<unknown[]> {
  await until(() => lines.some(({ component }) => component === 'policies'))
  return taken(lines)
}

test('at the start: what isolates pods of this node, and a summary', async () => {
  const { lines } = await started(policy('x/deny', DENY), policy('x/c', { podSelector: { matchLabels: { app: 'c' } } }), policy('y/deny', DENY))
  expect(taken(lines)).toEqual([
    ['info', 'policy accepted', 'x/deny', { ingress: 2, egress: 0 }],
    ['debug', 'policy accepted', 'x/c', { ingress: 0, egress: 0 }],
    ['debug', 'policy accepted', 'y/deny', { ingress: 0, egress: 0 }],
    ['info', 'policies are in force'],
  ])
})

test('a policy comes, changes, is said again, and goes', async () => {
  const { source, lines } = await started()
  taken(lines)
  const both = (): Policy => policy('x/p', { podSelector: { matchLabels: { app: 'a' } }, policyTypes: ['Ingress', 'Egress'] })
  source.say(putPolicy(policy('x/p', DENY)))
  expect(taken(lines)).toEqual([]) // nothing waits for the log
  await nextTurn()
  expect(taken(lines)).toEqual([['info', 'policy accepted', 'x/p', { ingress: 2, egress: 0 }]])
  source.say(putPolicy(both()))
  await nextTurn()
  expect(taken(lines)).toEqual([['info', 'policy changed', 'x/p', { ingress: 1, egress: 1 }]])
  source.say(putPolicy(both()))
  await nextTurn()
  expect(taken(lines)).toEqual([])
  source.say({ kind: 'policy', key: both().key, now: undefined })
  await nextTurn()
  expect(taken(lines)).toEqual([['info', 'policy removed', 'x/p', { ingress: 0, egress: 0 }]])
})

test('a policy about pods of other nodes is told too, although the kernel has nothing of it', async () => {
  const { source, lines } = await started()
  taken(lines)
  source.say(putPolicy(policy('y/p', DENY)))
  await nextTurn()
  expect(taken(lines)).toEqual([['info', 'policy accepted', 'y/p', { ingress: 0, egress: 0 }]])
})

const DENY_FROM_ALL = { ingress: [{ action: 'Deny', from: [{ namespaces: {} }] }] }
const FOR_A = { subject: { pods: { podSelector: { matchLabels: { app: 'a' } } } }, ...DENY_FROM_ALL }

test('a ClusterNetworkPolicy comes, changes, is said again, and goes: with tier, priority, and how many pods it applies to', async () => {
  const { source, lines, notices } = await started()
  taken(lines)
  const edge = (spec: object): Change => putPolicy(clusterPolicy('edge', { priority: 5, ...spec }))
  source.say(edge(DENY_FROM_ALL))
  expect(taken(lines)).toEqual([])
  expect(await next(lines)).toEqual([['info', 'cluster policy accepted', 'edge', 'Admin', 5, { ingress: 2, egress: 0 }]])
  source.say(edge({ ...FOR_A, tier: 'Baseline', priority: 0 }))
  await nextTurn()
  expect(taken(lines)).toEqual([['info', 'cluster policy changed', 'edge', 'Baseline', 0, { ingress: 1, egress: 0 }]])
  source.say(edge({ ...FOR_A, tier: 'Baseline', priority: 0 }))
  await nextTurn()
  expect(taken(lines)).toEqual([])
  source.say({ kind: 'cluster-policy', key: clusterPolicy('edge', {}).key, now: undefined })
  await nextTurn()
  expect(taken(lines)).toEqual([['info', 'cluster policy removed', 'edge', 'Baseline', 0, { ingress: 0, egress: 0 }]])
  expect(notices).toEqual([])
})

test('at the start ClusterNetworkPolicies are logged and counted, too', async () => {
  const other = clusterPolicy('other', { tier: 'Baseline', subject: { namespaces: { matchLabels: { team: 'none' } } }, ...DENY_FROM_ALL })
  const { lines } = await started(policy('x/deny', DENY), clusterPolicy('edge', DENY_FROM_ALL), other)
  expect(lines.find(({ msg }) => msg === 'policies are in force')).toMatchObject({ policies: 1, isolating: 1, clusterPolicies: 2, applying: 1 })
  expect(taken(lines)).toEqual([
    ['info', 'policy accepted', 'x/deny', { ingress: 2, egress: 0 }],
    ['info', 'cluster policy accepted', 'edge', 'Admin', 0, { ingress: 2, egress: 0 }],
    ['debug', 'cluster policy accepted', 'other', 'Baseline', 0, { ingress: 0, egress: 0 }],
    ['info', 'policies are in force'],
  ])
})

test('nothing is told before the kernel has it', async () => {
  const { source, backend, lines } = await started()
  taken(lines)
  backend.moods.push('late')
  source.say(putPolicy(policy('x/p', DENY)))
  await nextTurn()
  expect(taken(lines)).toEqual([])
  while (backend.isBusy) await nextTurn()
  await nextTurn()
  expect(taken(lines)).toHaveLength(1)
})

const ODD = { object: 'NetworkPolicy x/p', field: 'spec', message: 'is odd', policy: policyKey({ namespace: 'x', name: 'p' }) }
const REJECTED = 'policy rejected: it isolates the pods it selects and allows nothing (fail closed)'
const IN_PART = 'policy accepted in part: what of it could not be read allows nothing (fail closed)'

test.each([
  { spec: { podSelector: { matchLabels: { app: 'a' } }, ingress: [{ frm: [] }] }, said: REJECTED, reason: 'Rejected', isolated: 1 },
  { spec: { podSelector: { matchLabls: {} } }, said: REJECTED, reason: 'Rejected', isolated: 2 },
  { spec: { podSelector: {}, ingress: [{ ports: [{ port: 80 }, { port: 0 }] }] }, said: IN_PART, reason: 'AcceptedInPart', isolated: 2 },
])('a policy with errors is told with why: $reason, $spec', async ({ spec, said, reason, isolated }) => {
  const { source, lines, notices } = await started()
  taken(lines)
  const { policy: read, problems } = readPolicy({ metadata: { namespace: 'x', name: 'bad' }, spec })
  source.say(putPolicy(read!))
  source.complain('NetworkPolicy x/bad (file.yaml#1)', problems) // as sources do, after the change
  await nextTurn()
  const why = `${problems[0]!.field} ${problems[0]!.message}`
  expect(taken(lines)).toEqual([['warn', said, 'x/bad', { ingress: isolated, egress: 0 }, expect.stringContaining(why)]])
  expect(notices).toEqual([{ kind: 'NetworkPolicy', key: 'x/bad', reason, message: expect.stringContaining(why) as unknown }])
})

const CLUSTER_REJECTED = 'cluster policy rejected: it accepts and passes nothing; rules that deny, or may have been meant to, deny (fail closed)'
const CLUSTER_IN_PART = 'cluster policy accepted in part: what of it could not be read accepts nothing, and denies what it may have been meant to deny (fail closed)'
const ACCEPT = { action: 'Accept', from: [{ namespaces: {} }] }
const PASS = { action: 'Pass', from: [{ namespaces: {} }] }
const UNREADABLE = { action: 'Deny', from: [{}] }

test.each([
  { what: 'an unknown tier', spec: { tier: 'admin', ingress: [ACCEPT] }, said: CLUSTER_REJECTED, reason: 'Rejected' },
  { what: 'an unknown subject, and a rule that passes', spec: { subject: {}, ingress: [PASS] }, said: CLUSTER_REJECTED, reason: 'Rejected' },
  { what: 'the only rule that accepts', spec: { ingress: [{ ...ACCEPT, form: [] }] }, said: CLUSTER_REJECTED, reason: 'Rejected' },
  { what: 'a peer of a rule that denies, before one that accepts', spec: { ingress: [UNREADABLE, ACCEPT] }, said: CLUSTER_IN_PART, reason: 'AcceptedInPart' },
  { what: 'the same before one that passes', spec: { ingress: [UNREADABLE, PASS] }, said: CLUSTER_IN_PART, reason: 'AcceptedInPart' },
])('a ClusterNetworkPolicy with errors is logged with the reason: $what', async ({ spec, said, reason }) => {
  const { source, lines, notices } = await started()
  taken(lines)
  const all = { tier: 'Admin', priority: 0, subject: { namespaces: {} }, ...spec }
  const { policy: read, problems } = readClusterPolicy({ metadata: { name: 'edge' }, spec: all })
  source.say(putPolicy(read!))
  source.complain('ClusterNetworkPolicy edge (file.yaml#1)', problems)
  const why = `${problems[0]!.field} ${problems[0]!.message}`
  expect(await next(lines)).toEqual([['warn', said, 'edge', 'Admin', 0, { ingress: 2, egress: 0 }, expect.stringContaining(why)]])
  expect(notices).toEqual([{ kind: 'ClusterNetworkPolicy', key: '/edge', reason, message: expect.stringContaining(why) as unknown }])
})

test('other errors of a policy that is read as before are told too', async () => {
  const { source, lines, notices } = await started()
  const read = (port: number): ReturnType<typeof readPolicy> => {
    return readPolicy({ metadata: { namespace: 'x', name: 'bad' }, spec: { podSelector: {}, ingress: [{ ports: [{ port }] }] } })
  }
  source.say(putPolicy(read(70_000).policy!))
  source.complain('NetworkPolicy x/bad', read(70_000).problems)
  await nextTurn()
  expect(taken(lines, 'warn')).toHaveLength(1)
  source.complain('NetworkPolicy x/bad', read(80_000).problems)
  await nextTurn()
  expect(taken(lines, 'warn')).toMatchObject([['warn', REJECTED, 'x/bad', {}, expect.stringContaining('80000')]])
  expect(notices).toHaveLength(2)
  source.complain('NetworkPolicy x/bad', [])
  await nextTurn()
  expect(taken(lines)).toEqual([['info', 'policy changed', 'x/bad', { ingress: 2, egress: 0 }]])
  source.complain('Pod x/other', [{ object: 'Pod x/other', field: 'spec', message: 'is odd' }])
  source.complain('NetworkPolicy x/p', [ODD]) // which was never heard of
  await nextTurn()
  expect(taken(lines)).toEqual([])
})

test('errors that are told while the change is on its way do not make it told too early', async () => {
  const { source, backend, lines } = await started()
  taken(lines)
  backend.moods.push('late')
  source.say(putPolicy(policy('x/p', DENY)))
  source.complain('NetworkPolicy x/p', [ODD])
  await nextTurn()
  expect(taken(lines)).toEqual([])
  while (backend.isBusy) await nextTurn()
  await nextTurn()
  expect(taken(lines)).toHaveLength(1)
})

test('errors that are told at the start are told with everything else', async () => {
  const [source, { log, lines }] = [new ToldSource([...PODS.map(put), putPolicy(policy('x/p', DENY))]), keepingLog()]
  const start = source.start.bind(source)
  source.start = async (sink) => {
    await start(sink)
    source.complain('NetworkPolicy x/p', [ODD])
    await nextTurn()
  }
  agent = agentOf(source, new MemoryBackend(), { log })
  await agent.start()
  await nextTurn()
  expect(taken(lines)).toMatchObject([['warn', REJECTED, 'x/p', { ingress: 2 }, 'spec is odd'], ['info', 'policies are in force']])
})

test('of many at once the first are told, and how many more', async () => {
  const { source, lines } = await started()
  taken(lines)
  source.say(...Array.from({ length: 200 }, (_, index) => putPolicy(policy(`x/p${index}`, DENY))))
  await nextTurn()
  const told = taken(lines, 'info')
  expect(told).toHaveLength(FULL_LINES + 1)
  expect(told.at(-1)).toEqual(['info', `and ${200 - FULL_LINES} more like these; --log-level debug shows them`])
})
