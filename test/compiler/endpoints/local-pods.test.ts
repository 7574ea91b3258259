// Which policies select which pods of this node, as pods, namespaces and policies come, change and go.
import { beforeEach, describe, expect, test } from '@jest/globals'
import { type Labels, type Pod, podKey } from '../../../src/cluster/objects.ts'
import { LocalPods } from '../../../src/compiler/endpoints/local-pods.ts'
import type { PodRecord } from '../../../src/compiler/model.ts'
import type { Change } from '../../../src/source.ts'
import { clusterPolicy, namespace, pod, policy } from '../../policy/state.ts'

let local: LocalPods
beforeEach(() => {
  local = new LocalPods()
})

function put(key: string, more: Partial<Pod> = {}): PodRecord {
  const record = { pod: pod(key, '10.0.0.1', more), group: undefined }
  local.put(record)
  return record
}

function setPolicy(key: string, podSelector: object): void {
  const now = policy(key, { podSelector })
  local.setPolicy(now.key, now.namespace, now)
}

function setClusterPolicy(name: string, subject: object): void {
  const now = clusterPolicy(name, { subject })
  local.setClusterPolicy(now.key, now)
}

/** The policies that select a pod. */
function selecting(record: PodRecord): string[] {
  return [...local.get(record)?.selectedBy.keys() ?? []].sort()
}

/** Pods and policies that changed since this was last asked. */
function changed(): { readonly pods: string[]; readonly policies: string[] } {
  return { pods: local.takeChangedPods().map(({ record }) => record.pod.name).sort(), policies: local.takeChangedPolicies().sort() }
}

const APP = (app: string): { matchLabels: Labels } => ({ matchLabels: { app } })
const NOTHING = { pods: [], policies: [] }

describe('NetworkPolicies', () => {
  test('select pods of their own namespace, by labels', () => {
    const [web, db, elsewhere] = [put('x/web'), put('x/db'), put('y/web')]
    setPolicy('x/all', {})
    setPolicy('x/web', APP('web'))
    expect([web, db, elsewhere].map(selecting)).toEqual([['x/all', 'x/web'], ['x/all'], []])
    expect([local.selectedBy('x/all' as never), local.selectedBy('x/web' as never), local.selectedBy('y/none' as never)]).toEqual([2, 1, 0])
  })

  test('whoever comes first', () => {
    setPolicy('x/web', APP('web'))
    expect(local.activePolicy('x/web' as never)).toBeUndefined()
    const web = put('x/web')
    expect(selecting(web)).toEqual(['x/web'])
    expect(local.activePolicy('x/web' as never)).toBe(local.policies.get('x/web' as never))
  })

  test('that change select anew, and pods that they did and do not select hear nothing of it', () => {
    const [web, db, other] = [put('x/web'), put('x/db'), put('x/other')]
    setPolicy('x/p', APP('web'))
    changed()
    setPolicy('x/p', APP('db'))
    expect([web, db, other].map(selecting)).toEqual([[], ['x/p'], []])
    expect(changed()).toEqual({ pods: ['db', 'web'], policies: ['x/p'] })
    local.setPolicy('x/p' as never, 'x', undefined)
    expect([web, db].map(selecting)).toEqual([[], []])
    expect(changed()).toEqual({ pods: ['db'], policies: ['x/p'] })
    expect(local.policies.get('x/p' as never)).toBeUndefined()
  })
})

describe('ClusterNetworkPolicies', () => {
  const red = { namespaceSelector: { matchLabels: { team: 'red' } }, podSelector: {} }

  test('select pods of the namespaces with these labels', () => {
    const [web, db, elsewhere] = [put('x/web'), put('x/db'), put('y/web')]
    local.setNamespace('x', { team: 'red' })
    setClusterPolicy('red', { namespaces: { matchLabels: { team: 'red' } } })
    setClusterPolicy('red-web', { pods: { ...red, podSelector: APP('web') } })
    setClusterPolicy('web', { pods: { podSelector: APP('web') } })
    expect([web, db, elsewhere].map(selecting)).toEqual([['/red', '/red-web', '/web'], ['/red'], ['/web']])
  })

  test('follow the labels of a namespace, also before its pods come', () => {
    setClusterPolicy('red', { pods: red })
    local.setNamespace('x', { team: 'red' })
    const web = put('x/web')
    expect(selecting(web)).toEqual(['/red'])
    changed()
    local.setNamespace('x', { team: 'blue' })
    expect(selecting(web)).toEqual([])
    expect(changed()).toEqual({ pods: ['web'], policies: ['/red'] })
    local.setNamespace('x', { team: 'blue', other: 'label' })
    expect(changed()).toEqual(NOTHING)
    local.setNamespace('x', { team: 'red' })
    expect(selecting(web)).toEqual(['/red'])
  })

  test('do not select pods of a namespace whose labels are not known, unless they ask for none', () => {
    setClusterPolicy('red', { pods: red })
    setClusterPolicy('all', { namespaces: {} })
    setClusterPolicy('not-red', { namespaces: { matchExpressions: [{ key: 'team', operator: 'NotIn', values: ['red'] }] } })
    const web = put('x/web')
    expect(selecting(web)).toEqual(['/all'])
    local.setNamespace('x', {})
    expect(selecting(web)).toEqual(['/all', '/not-red'])
    local.setNamespace('x', undefined)
    expect(selecting(web)).toEqual(['/all'])
  })

  test('of one name in both kinds are two policies', () => {
    const web = put('x/web')
    setPolicy('x/p', {})
    setClusterPolicy('p', { namespaces: {} })
    expect(selecting(web)).toEqual(['/p', 'x/p'])
    expect([[...local.policies.ofNamespaces()].length, [...local.policies.ofCluster()].length]).toEqual([1, 1])
  })
})

describe('the realm of ClusterNetworkPolicies has to begin', () => {
  test('when the first selects a local pod', () => {
    setPolicy('x/p', {})
    put('x/web')
    expect(local.hasNewClusterPolicy()).toBe(false)
    setClusterPolicy('db', { pods: { podSelector: APP('db') } })
    expect(local.hasNewClusterPolicy()).toBe(false)
    put('x/db')
    expect(local.hasNewClusterPolicy()).toBe(true)
    changed()
    expect(local.hasNewClusterPolicy()).toBe(false)
    local.setClusterPolicy('/db' as never, undefined)
    expect(local.hasNewClusterPolicy()).toBe(false)
  })

  const [here, elsewhere] = [pod('x/web', '10.0.0.1'), pod('x/web', '10.0.0.1', { nodeName: 'other' })]
  test.each<[string, boolean, Change, boolean]>([
    ['a ClusterNetworkPolicy', false, { kind: 'cluster-policy', key: '/p' as never, now: clusterPolicy('p', {}) }, true],
    ['one that goes', true, { kind: 'cluster-policy', key: '/p' as never, now: undefined }, false],
    ['a local pod', true, { kind: 'pod', key: podKey(here), now: here }, true],
    ['a local pod, and there is none', false, { kind: 'pod', key: podKey(here), now: here }, false],
    ['a pod of another node', true, { kind: 'pod', key: podKey(elsewhere), now: elsewhere }, false],
    ['a pod that goes', true, { kind: 'pod', key: podKey(here), now: undefined }, false],
    ['the labels of a namespace', true, { kind: 'namespace', key: 'x', now: namespace('x') }, true],
    ['a NetworkPolicy', true, { kind: 'policy', key: 'x/p' as never, now: policy('x/p', { podSelector: {} }) }, false],
    ['a node', true, { kind: 'node', key: 'node-a', now: { name: 'node-a', labels: {}, addresses: [] } }, false],
  ])('may be by %s', (_, hasPolicy, change, expected) => {
    if (hasPolicy) setClusterPolicy('there', { pods: { podSelector: APP('none') } })
    expect(local.maySelect(change, 'node-a')).toBe(expected)
  })
})

describe('pods', () => {
  test('with other labels are selected anew', () => {
    setPolicy('x/web', APP('web'))
    put('x/web')
    changed()
    expect(selecting(put('x/web', { labels: { app: 'db' } }))).toEqual([])
    expect(changed()).toEqual({ pods: ['web'], policies: ['x/web'] })
    expect(local.size).toBe(1)
  })

  test('that change in anything else are changed, and their policies are not', () => {
    setPolicy('x/web', APP('web'))
    const before = put('x/web')
    changed()
    put('x/web', { labels: before.pod.labels, addresses: [] })
    expect(changed()).toEqual({ pods: ['web'], policies: [] })
  })

  test('that go leave their policies, the last one inactive', () => {
    setPolicy('x/all', {})
    const [web, db] = [put('x/web'), put('x/db')]
    changed()
    local.remove(web)
    expect([local.get(web), local.size, local.selectedBy('x/all' as never)]).toEqual([undefined, 1, 1])
    expect(changed()).toEqual({ pods: ['web'], policies: ['x/all'] })
    local.remove(db)
    local.remove(db)
    expect([local.size, local.activePolicy('x/all' as never)]).toEqual([0, undefined])
    expect(Array.from(local.records())).toEqual([])
  })

  test('every change of one is a revision', () => {
    const revisions = [() => put('x/web'), () => put('x/web'), () => setPolicy('x/p', {}), () => local.remove(put('x/db'))].map((change) => {
      change()
      return local.revision
    })
    expect(revisions).toEqual([1, 2, 2, 4])
  })
})
