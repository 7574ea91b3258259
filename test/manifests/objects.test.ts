// Which objects of manifests are read, by kind and API; and lists of them.
import { describe, expect, test } from '@jest/globals'
import { readManifest } from '../../src/manifests/manifest.ts'
import { readObject } from '../../src/manifests/objects.ts'

const SPEC = { tier: 'Admin', priority: 0, subject: { namespaces: {} } }
const API = { NetworkPolicy: 'networking.k8s.io/v1', ClusterNetworkPolicy: 'policy.networking.k8s.io/v1beta1' }
const SPECS = { NetworkPolicy: { podSelector: {} }, ClusterNetworkPolicy: SPEC }

/** `kind key` of each change, and `object field: message` of each problem. */
function read(object: unknown): { changes: string[]; problems: string[]; ignored: number } {
  const { changes, problems, ignored } = readObject(object)
  return {
    changes: changes.map(({ kind, key }) => `${kind} ${key}`),
    problems: problems.map(({ object: name, field, message }) => `${name} ${field}: ${message}`),
    ignored,
  }
}

function policy(kind: keyof typeof API, apiVersion?: string): object {
  return { ...(apiVersion !== undefined && { apiVersion }), kind, metadata: { name: 'p' }, spec: SPECS[kind] }
}

describe('policies are read by kind and API', () => {
  test.each([
    ['NetworkPolicy', 'networking.k8s.io/v1', 'policy default/p'],
    ['ClusterNetworkPolicy', 'policy.networking.k8s.io/v1beta1', 'cluster-policy /p'],
    ['ClusterNetworkPolicy', 'policy.networking.k8s.io/v1alpha2', 'cluster-policy /p'],
  ] as const)('%s of %s', (kind, apiVersion, change) => {
    expect(read(policy(kind, apiVersion))).toEqual({ changes: [change], problems: [], ignored: 0 })
  })

  test.each([
    ['NetworkPolicy', 'crd.projectcalico.org/v1'],
    ['NetworkPolicy', 'v1'],
    ['ClusterNetworkPolicy', 'networking.k8s.aws/v1alpha1'],
    ['ClusterNetworkPolicy', 'networking.k8s.io/v1'],
  ] as const)('%s of %s is another one, and is not enforced', (kind, apiVersion) => {
    const problem = ` apiVersion: ${apiVersion} is not ${API[kind]}: this ${kind} is not enforced`
    expect(read(policy(kind, apiVersion))).toEqual({ changes: [], problems: [problem], ignored: 0 })
  })

  test.each([
    ['NetworkPolicy', 'networking.k8s.io/v1beta1', 'default/p'],
    ['ClusterNetworkPolicy', 'policy.networking.k8s.io/v1', 'p'],
    ['ClusterNetworkPolicy', undefined, 'p'],
  ] as const)('%s of version %s is read, and reported', (kind, apiVersion, name) => {
    const { changes, problems } = read(policy(kind, apiVersion))
    expect([changes.length, problems]).toEqual([1, [`${kind} ${name} apiVersion: must be ${API[kind]}: read as if it were`]])
  })
})

describe('lists', () => {
  const node = { metadata: { name: 'n1' } }
  test.each<[string, object, string[]]>([
    ['NodeList', { items: [node] }, ['node n1']],
    ['ClusterNetworkPolicyList', { items: [{ metadata: { name: 'p' }, spec: SPEC }] }, ['cluster-policy /p']],
    ['ClusterNetworkPolicyList', { apiVersion: 'policy.networking.k8s.io/v1alpha2', items: [{ metadata: { name: 'p' }, spec: SPEC }] }, ['cluster-policy /p']],
    ['List', { items: [{ kind: 'Node', ...node }, policy('ClusterNetworkPolicy', API.ClusterNetworkPolicy)] }, ['node n1', 'cluster-policy /p']],
  ])('%s %j', (kind, list, changes) => {
    expect(read({ kind, ...list })).toEqual({ changes, problems: [], ignored: 0 })
  })

  test('entries are of the API that the list is of', () => {
    const list = { apiVersion: 'networking.k8s.aws/v1alpha1', kind: 'ClusterNetworkPolicyList', items: [{ metadata: { name: 'p' }, spec: SPEC }] }
    expect(read(list).problems).toEqual([expect.stringMatching(/networking\.k8s\.aws\/v1alpha1 is not .*: this ClusterNetworkPolicy is not enforced/)])
  })
})

test('a second ClusterNetworkPolicy of a name is ignored, and is a problem of that policy', () => {
  const text = JSON.stringify([policy('ClusterNetworkPolicy', API.ClusterNetworkPolicy), policy('ClusterNetworkPolicy', API.ClusterNetworkPolicy)])
  const { objects, problems } = readManifest('a.json', `{"kind": "List", "items": ${text}}`)
  expect([...objects.keys()]).toEqual(['cluster-policy /p'])
  expect(problems).toEqual([{
    object: 'ClusterNetworkPolicy p (a.json#1)',
    field: '',
    message: 'is already in a.json#1, which comes first: this one is ignored',
    policy: '/p',
  }])
})
