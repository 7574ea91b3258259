import { expect, test } from '@jest/globals'
import { withoutNodes } from '../../src/policy/without-nodes.ts'
import { clusterPolicy } from './state.ts'

const nodes = { nodes: {} }
const web = { namespaces: { matchLabels: { app: 'web' } } }
const protocols = [{ tcp: { destinationPort: { number: 80 } } }]

function policyWith(egress: readonly object[]) {
  return clusterPolicy('edge', { tier: 'Admin', priority: 1, subject: { namespaces: {} }, egress })
}

test('a policy that has nothing to do with nodes is as it was', () => {
  const policy = policyWith([{ action: 'Deny', to: [web] }])
  expect(withoutNodes(policy, 'why')).toEqual({ policy, problems: [] })
})

test.each(['Deny', 'Pass'])('a rule that is to %s nodes denies every peer, at its ports', (action) => {
  const { policy, problems } = withoutNodes(policyWith([{ action, to: [web, nodes], protocols }]), 'they cannot be read')
  expect(policy.egress).toMatchObject([{ action: 'Deny', peers: 'any', ports: [{ protocol: 'TCP', first: 80, last: 80 }] }])
  expect(problems).toEqual([{
    object: 'ClusterNetworkPolicy edge', policy: '/edge', field: 'spec.egress[0].to', message: 'they cannot be read; this rule denies every peer',
  }])
})

test('a rule that accepts nodes accepts its other peers, or none', () => {
  const { policy, problems } = withoutNodes(policyWith([{ action: 'Accept', to: [web, nodes] }, { action: 'Accept', to: [nodes] }]), 'they cannot be read')
  expect(policy.egress).toMatchObject([{ action: 'Accept', peers: [{ kind: 'pods' }] }, { action: 'Accept', peers: [] }])
  expect(problems.map(({ field, message }) => `${field}: ${message}`)).toEqual([0, 1].map((n) => (
    `spec.egress[${n}].to: they cannot be read; peers that are nodes match nothing`
  )))
})
