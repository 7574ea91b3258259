// Reading never throws, reads back what was written, and an error anywhere in a policy never opens anything.
import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { readObject } from '../../src/manifests/objects.ts'
import { prepareEvaluator } from '../../src/policy/evaluator.ts'
import { readPolicy } from '../../src/policy/read.ts'
import { clusterArb } from '../arbitrary/cluster.ts'
import { flowsOf } from '../arbitrary/flows.ts'
import { policyArb } from '../arbitrary/policies.ts'
import { isSayable, policyObjectOf } from '../arbitrary/policy-object.ts'
import { POOL } from '../arbitrary/pool.ts'
import { corrupted, JUNK } from './corrupted.ts'

const sayablePolicyArb = policyArb(POOL).filter(isSayable)

test('what a policy says is read back', () => {
  fc.assert(fc.property(sayablePolicyArb, (policy) => {
    expect(readPolicy(policyObjectOf(policy))).toEqual({ policy, problems: [] })
  }))
})

test('any JSON is read without a throw', () => {
  const object = fc.record({
    apiVersion: fc.constantFrom('v1', 'networking.k8s.io/v1', 'policy.networking.k8s.io/v1beta1', 7),
    kind: fc.constantFrom('Pod', 'Namespace', 'Node', 'NetworkPolicy', 'ClusterNetworkPolicy', 'List', 'PodList', 'ClusterNetworkPolicyList', 7),
    metadata: fc.jsonValue(),
    spec: fc.jsonValue(),
    status: fc.jsonValue(),
    items: fc.array(fc.jsonValue()),
  }, { requiredKeys: [] })
  fc.assert(fc.property(fc.oneof(object, fc.jsonValue()), (value) => {
    readObject(value)
  }), { numRuns: 2000 })
})

test('a policy with an error anywhere is reported, and allows nothing that it did not allow before', () => {
  const seen = { narrower: 0 }
  const change = fc.record({ at: fc.nat(), junk: fc.constantFrom(...JUNK) })
  fc.assert(fc.property(clusterArb(), sayablePolicyArb, change, (cluster, policy, { at, junk }) => {
    const others = cluster.policies.filter(({ key }) => key !== policy.key)
    const alone = { ...cluster, clusterPolicies: [] } // isolated pods are not asked of Baseline, which may deny more
    const { policy: broken, problems } = readPolicy(corrupted(policyObjectOf(policy), at, junk))
    expect(problems).not.toEqual([])
    const before = prepareEvaluator({ ...alone, policies: [...others, policy] })
    const after = prepareEvaluator({ ...alone, policies: [...others, broken!] })
    for (const flow of flowsOf(cluster)) {
      const [was, is] = [before(flow).allowed, after(flow).allowed]
      if (was && !is) seen.narrower++
      if (is) expect(was).toBe(true)
    }
  }), { numRuns: 100 })
  expect(seen.narrower).toBeGreaterThan(200)
})
