// Names of counters: two that count different things never have one name, whatever policies, namespaces and pods are called.
import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { clusterPolicyKey, type PodKey, type PolicyKey } from '../../src/cluster/objects.ts'
import { memberLists } from '../../src/compiler/counter-members.ts'
import { type CounterMeaning, counterName, ownPast, pastDenials, pastHits } from '../../src/compiler/counter-names.ts'
import { hitsEver } from '../../src/compiler/stages/active-policy.ts'
import { OWN_COUNTERS } from '../../src/nftables/program.ts'
import { DIRECTIONS } from '../../src/policy/types.ts'
import { property } from '../property.ts'

/** As nft writes them, and as the kernel holds them. */
const WRITABLE = /^[a-z][a-z0-9./_-]{0,254}$/
/** What parts of names look like, and names as long as can be. */
const CONFUSING = [
  'cluster', 'in', 'out', 'x', 'deny-0', 'accept-0', 'pass-0', 'deny', 'accept', 'past-in', 'deny-in', 'deny-admin-in', 'admin-in', 'spoofed',
  'set-0123456789abcdef', 'policy-0123456789abcdef', 'pod-0123456789abcdef', 'a.b', '0', 'a'.repeat(63), 'a'.repeat(253), `${'a'.repeat(252)}b`,
]
const nameArb = fc.oneof(fc.constantFrom(...CONFUSING), fc.stringMatching(/^[a-z0-9]([-a-z0-9.]{0,20}[a-z0-9])?$/))
const namespaceArb = nameArb.map((name) => name.slice(0, 63).replaceAll('.', '-').replace(/-$/, 'a'))
const keyArb = fc.tuple(namespaceArb, nameArb).map((parts) => parts.join('/'))
const policyArb = fc.oneof(keyArb as fc.Arbitrary<PolicyKey>, nameArb.map(clusterPolicyKey))

const DENIED_BY = ['isolation', 'admin', 'baseline'] as const
const ACTIONS = ['accept', 'deny', 'pass'] as const
const MAX_RULES = 3

/** Every counter that there can be for these, as `name → what it counts`. */
function* countersOf(policies: readonly PolicyKey[], pods: readonly PodKey[]): Iterable<readonly [string, string]> {
  for (const direction of DIRECTIONS) {
    const hits = policies.flatMap((key) => hitsEver({ key }, MAX_RULES)).toSorted((a, b) => (a.key < b.key ? -1 : 1))
    const meanings: CounterMeaning[] = [
      ...hits.map((hit) => ({ kind: 'hits' as const, direction, hits: [hit] })),
      { kind: 'hits', direction, hits },
      ...pods.flatMap((pod) => DENIED_BY.map((by) => ({ kind: 'denied' as const, direction, by, pod }))),
    ]
    for (const meaning of meanings) {
      yield [counterName(meaning), JSON.stringify(meaning)]
      for (const [list] of memberLists(counterName(meaning), meaning)) yield [list, `list ${list}`]
    }
    // A NetworkPolicy has one account in each direction, whatever the action.
    for (const key of policies) for (const action of ACTIONS) yield [pastHits(direction, key, action), `past ${direction} ${key} ${key.startsWith('/') ? action : ''}`]
    for (const pod of pods) for (const by of DENIED_BY) yield [pastDenials(direction, pod, by), `past ${direction} ${by} ${pod}`]
  }
  for (const name of new Set(Object.values(OWN_COUNTERS).flat())) yield* [[name, name], [ownPast(name), `past ${name}`]] as const
}

test('one name, one meaning, and each can be written', () => {
  property(fc.tuple(fc.uniqueArray(policyArb, { minLength: 2, maxLength: 8 }), fc.uniqueArray(keyArb as fc.Arbitrary<PodKey>, { maxLength: 4 })), ([policies, pods]) => {
    const meanings = new Map<string, string>()
    for (const [name, meaning] of countersOf(policies, pods)) {
      expect(name).toMatch(WRITABLE)
      expect([name, meanings.get(name) ?? meaning]).toEqual([name, meaning])
      meanings.set(name, meaning)
    }
  })
})
