// The realm of ClusterNetworkPolicies comes and goes: what is left of it, and how it begins in a large cluster.
import { expect, test } from '@jest/globals'
import { clusterPolicyKey, podKey } from '../../src/cluster/objects.ts'
import type { Pod, PodKey } from '../../src/cluster/objects.ts'
import { Compiler } from '../../src/compiler/compiler.ts'
import type { SetName } from '../../src/nftables/schema.ts'
import { inTurns } from '../../src/base/steps.ts'
import type { Change } from '../../src/source.ts'
import { clusterPolicy, namespace, pod, policy } from '../policy/state.ts'
import { linesOf } from './content-text.ts'

const NODE = 'node-a'
const NAMES = ['first', 'second', 'third']
const DENY = {
  subject: { namespaces: { matchLabels: { 'kubernetes.io/metadata.name': 'x' } } },
  egress: [{ action: 'Deny', to: [{ pods: { podSelector: { matchLabels: { app: 'b' } } } }], protocols: [{ tcp: { destinationPort: { number: 80 } } }] }],
}

function podChange(now: Pod): Change {
  return { kind: 'pod', key: podKey(now), now }
}

function policyChange(name: string): Change {
  const now = clusterPolicy(name, DENY)
  return { kind: 'cluster-policy', key: now.key, now }
}

const NAMESPACE: Change = { kind: 'namespace', key: 'x', now: namespace('x') }

/** Pods on other nodes, more than are taken in at once. */
function elsewhere(): Change[] {
  return Array.from({ length: 1000 }, (_, index) => podChange(pod(`y/p${index}`, `10.1.${index >> 8}.${index & 255}`, { nodeName: 'node-b' })))
}

test('numbers of classes, lists and verdicts do not come again when the realm does', () => {
  const compiler = new Compiler(NODE)
  compiler.apply([NAMESPACE, podChange(pod('x/a', '10.0.0.1')), podChange(pod('x/b', '10.0.0.2'))])
  const seen: Record<string, unknown[]> = { tier_class4: [], out_admin4: [], tier_ports: [] }
  for (const name of NAMES) {
    compiler.apply([policyChange(name)])
    for (const [set, values] of Object.entries(seen)) values.push(...new Set(compiler.content.sets.get(set as SetName)?.values()))
    compiler.apply([{ kind: 'cluster-policy', key: clusterPolicyKey(name), now: undefined }])
  }
  for (const values of Object.values(seen)) expect(new Set(values).size).toBe(values.length)
  expect(seen['tier_ports']).toHaveLength(NAMES.length)
})

test.each([
  ['the policy', [podChange(pod('x/a', '10.0.0.1')), NAMESPACE], [policyChange('first')]],
  ['the first pod', [policyChange('first'), NAMESPACE], [podChange(pod('x/a', '10.0.0.1'))]],
  ['the namespace', [policyChange('first'), podChange(pod('x/a', '10.0.0.1'))], [NAMESPACE]],
  ['all together', [], [NAMESPACE, podChange(pod('x/a', '10.0.0.1')), policyChange('first')]],
])('the realm begins in many steps with %s', async (_, before, changes: Change[]) => {
  const compiler = new Compiler(NODE)
  compiler.apply([...elsewhere(), ...before])
  expect(compiler.isMuchWork(changes)).toBe(true)
  let steps = 0
  const applying = compiler.applying(changes)
  await inTurns((function* () {
    for (let step = applying.next(); step.done !== true; step = applying.next()) {
      steps++
      yield
    }
  })())
  expect(steps).toBeGreaterThan(5)
  expect(compiler.content.sets.get('out_judged4')?.size).toBe(1)
})

test('changes that cannot begin it are taken in at once', () => {
  const compiler = new Compiler(NODE)
  compiler.apply([...elsewhere(), NAMESPACE])
  expect(compiler.isMuchWork([podChange(pod('x/a', '10.0.0.1'))])).toBe(false)
  compiler.apply([policyChange('first')])
  expect(compiler.isMuchWork([podChange(pod('x/c', '10.0.0.3', { nodeName: 'node-b' }))])).toBe(false)
})

test('a pod that restarts finds the realm', () => {
  const compiler = new Compiler(NODE)
  compiler.apply([...elsewhere(), NAMESPACE, policyChange('first'), podChange(pod('x/a', '10.0.0.1'))])
  compiler.apply([{ kind: 'pod', key: podKey(pod('x/a', '10.0.0.1')), now: undefined }])
  expect(compiler.isMuchWork([podChange(pod('x/a', '10.0.0.2'))])).toBe(false)
  compiler.apply([podChange(pod('x/a', '10.0.0.2'))])
  expect([...compiler.content.sets.get('out_judged4')?.keys() ?? []]).toHaveLength(1)
  compiler.apply([{ kind: 'cluster-policy', key: clusterPolicyKey('first'), now: undefined }])
  expect(compiler.isMuchWork([policyChange('first')])).toBe(true) // it has ended with the last policy
})

test('Baseline has no element of a pod in a direction in which NetworkPolicies isolate it', () => {
  const compiler = new Compiler(NODE)
  const deny = { action: 'Deny', protocols: [{ tcp: { destinationPort: { number: 80 } } }] }
  const peers = [{ pods: { podSelector: {} } }]
  const baseline = clusterPolicy('base', { tier: 'Baseline', ingress: [{ ...deny, from: peers }], egress: [{ ...deny, to: peers }] })
  const isolating = policy('x/isolate', { podSelector: {}, policyTypes: ['Ingress'] })
  const isolated = (now: typeof isolating | undefined): Change => ({ kind: 'policy', key: isolating.key, now })
  const linesOfBaseline = (): string[] => linesOf(compiler.content).filter((line) => line.includes('baseline')).sort()
  const a = podChange(pod('x/a', '10.0.0.1'))
  const ingress = ['counter deny-baseline-in/x/a', 'in_baseline4 0:1 . 10.0.0.1 : 0:1', 'in_deny_baseline4 10.0.0.1 : "deny-baseline-in/x/a"']
  const egress = ['counter deny-baseline-out/x/a', 'out_baseline4 0:1 . 10.0.0.1 : 0:2', 'out_deny_baseline4 10.0.0.1 : "deny-baseline-out/x/a"']

  compiler.apply([NAMESPACE, a, { kind: 'cluster-policy', key: baseline.key, now: baseline }])
  expect(linesOfBaseline()).toEqual([...ingress, ...egress].sort())
  expect([...compiler.denials('x/a' as PodKey, 'ingress'), ...compiler.denials('x/a' as PodKey, 'egress')]).toEqual(['baseline', 'baseline'])
  compiler.apply([isolated(isolating)])
  expect(linesOfBaseline()).toEqual(egress)
  expect([...compiler.denials('x/a' as PodKey, 'ingress'), ...compiler.denials('x/a' as PodKey, 'egress')]).toEqual(['isolation', 'baseline'])
  compiler.apply([isolated(undefined)])
  expect(linesOfBaseline().map((line) => line.replace(/0:\d+$/, '0:?'))).toEqual([...ingress, ...egress].map((line) => line.replace(/0:\d+$/, '0:?')).sort())
})
