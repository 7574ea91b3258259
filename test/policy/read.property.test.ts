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

/** As a value wrong everywhere; elsewhere the name is misspelt instead. */
const MISSPELT = 'no such thing!'

const sayablePolicyArb = policyArb(POOL).filter(isSayable)

test('what a policy says is read back', () => {
  fc.assert(fc.property(sayablePolicyArb, (policy) => {
    expect(readPolicy(policyObjectOf(policy))).toEqual({ policy, problems: [] })
  }))
})

test('any JSON is read without a throw', () => {
  const object = fc.record({
    apiVersion: fc.constantFrom('v1', 'networking.k8s.io/v1', 7),
    kind: fc.constantFrom('Pod', 'Namespace', 'NetworkPolicy', 'List', 'PodList', 7),
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
  const change = fc.record({ at: fc.nat(), junk: fc.constantFrom<unknown>(-1.5, { junk: 1 }, [[7]], MISSPELT) })
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

/** The object with one place in its spec spoilt: its value replaced by junk, or its name misspelt. */
function corrupted(object: object, at: number, junk: unknown): unknown {
  const copy = structuredClone(object) as { spec: object }
  const places = placesIn(copy.spec)
  const { holder, key } = places[at % places.length]!
  const value = Reflect.get(holder, key) as unknown
  const misspelt = junk === MISSPELT && !Array.isArray(holder)
  if (misspelt) Reflect.deleteProperty(holder, key)
  Reflect.set(holder, misspelt ? `${key}x` : key, misspelt ? value : junk)
  return copy
}

interface PlaceIn {
  readonly holder: object
  readonly key: string
}

function placesIn(holder: object): PlaceIn[] {
  return Object.entries(holder).flatMap(([key, value]) => {
    return [{ holder, key }, ...(typeof value === 'object' ? placesIn(value as object) : [])]
  })
}
