import { expect, test } from '@jest/globals'
import type { PolicyKey } from '../../../src/cluster/objects.ts'
import type { ActiveRule } from '../../../src/compiler/stages/active-policy.ts'
import { listOf } from '../../../src/compiler/stages/lists.ts'
import { networkPolicyStage } from '../../../src/compiler/stages/network-policy.ts'
import { RuleIndex } from '../../../src/compiler/stages/rule-index.ts'
import { acceptedBy } from '../credits.ts'

const [one, other] = acceptedBy(['x/one', 'x/other'] as PolicyKey[]) as [ActiveRule['hit'], ActiveRule['hit']]
const ANYBODY = { holds: [], local: undefined }

function keyOf(rules: readonly ActiveRule[]): string {
  return listOf('egress', networkPolicyStage(new RuleIndex(rules), ANYBODY)).key
}

test('a policy that allows everything may name ports, too: the meaning is the same, and so is the key', () => {
  const everything: ActiveRule = { hit: one, peers: 'any', ports: 'any' }
  const range: ActiveRule = { hit: other, peers: 'any', ports: [{ kind: 'number', protocol: 'TCP', first: 1, last: 65_535 }] }
  const within: ActiveRule = { hit: one, peers: 'any', ports: [{ kind: 'number', protocol: 'TCP', first: 80, last: 81 }] }
  const single: ActiveRule = { hit: one, peers: 'any', ports: [{ kind: 'number', protocol: 'TCP', first: 443, last: 443 }] }
  expect(keyOf([everything, range, within, single])).toBe(keyOf([everything, range]))
  expect(networkPolicyStage(new RuleIndex([everything, range]), ANYBODY).ranges).toMatchObject([{ protocol: 'TCP', first: 1, last: 65_535, verdict: { action: 'accept', hits: [one, other] } }])
})
