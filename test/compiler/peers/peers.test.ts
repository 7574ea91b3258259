// The peers' side: which class an address is in, as pods, nodes, namespaces and what rules ask come, change and go.
import { beforeEach, describe, expect, test } from '@jest/globals'
import type { ClusterNode, Labels, Pod } from '../../../src/cluster/objects.ts'
import { podKey } from '../../../src/cluster/objects.ts'
import type { Asked, Class } from '../../../src/compiler/model.ts'
import { IdPool } from '../../../src/compiler/ids.ts'
import { predicatesOf } from '../../../src/compiler/peers/classes.ts'
import { Peers } from '../../../src/compiler/peers/peers.ts'
import { ContentStore } from '../../../src/compiler/store.ts'
import type { PodPeer } from '../../../src/policy/types.ts'
import { addressOf } from '../../arbitrary/pool.ts'
import { pod } from '../../policy/state.ts'
import { linesOf } from '../content-text.ts'

let store: ContentStore
let peers: Peers
beforeEach(() => {
  store = new ContentStore()
  peers = new Peers(store, '', new IdPool())
})

/** What `ask` stands for in these tests, by the name that it is told of a class. */
const NAMES = new Map<Asked, string>()

function put(key: string, addresses: string, more: Partial<Pod> = {}): void {
  const now = pod(key, addresses, more)
  peers.setPod(podKey(now), now)
}

function remove(key: string): void {
  peers.setPod(key as never, undefined)
}

function node(name: string, addresses: string, labels: Labels = {}): void {
  const now: ClusterNode = { name, labels, addresses: addresses.split(' ').filter(Boolean).map(addressOf) }
  peers.setNode(name, now)
}

function named<T extends Asked>(name: string, asked: T): T {
  NAMES.set(asked, name)
  peers.ask()
  return asked
}

const selector = (labels: Labels) => ({ requirements: Object.entries(labels).map(([key, value]) => ({ key, operator: 'In' as const, values: [value] })) })

/** Pods with these labels, in the namespace x or in those with other labels. */
function askPods(name: string, labels: Labels, namespaces?: Labels): Asked {
  return named(name, peers.predicates.usePods([podsWith(labels, namespaces)], 'x'))
}

function podsWith(labels: Labels, namespaces?: Labels): PodPeer {
  return { kind: 'pods', namespaces: namespaces === undefined ? 'own' : selector(namespaces), pods: selector(labels) }
}

function askNodes(name: string, labels: Labels): Asked {
  return named(name, peers.predicates.useNodes([{ kind: 'nodes', nodes: selector(labels) }]))
}

function askBlock(name: string, first: string, last: string): Asked {
  return named(name, peers.predicates.useBlocks([{ kind: 'block', cidr: { first: addressOf(first), last: addressOf(last) }, except: [] }])[0]!)
}

function askPort(name: string, port: string): Asked {
  return named(name, peers.predicates.useName({ kind: 'name', name: port, protocol: 'TCP' }))
}

function forget(asked: Asked): void {
  peers.predicates.release(asked)
  peers.forget()
  peers.classes.takeRemoved()
}

function nameOf(predicate: ReturnType<typeof predicatesOf>[number]): string {
  return predicate.kind === 'port' ? `${NAMES.get(predicate.name)}=${predicate.port}` : NAMES.get(predicate) ?? '?'
}

/** What holds of an address's class; undefined: it has none. */
function holds(address: string): string[] | undefined {
  const peerClass = peers.book.of(addressOf(address).length === 4 ? 4 : 6).get(addressOf(address))?.class
  return peerClass && predicatesOf(peerClass).map(nameOf).sort()
}

function textsOf(classes: Iterable<Class>): string[] {
  return Array.from(classes, (each) => predicatesOf(each).map(nameOf).sort().join(' ')).sort()
}

describe('groups', () => {
  test('are pods with the same namespace, labels and named ports', () => {
    const web = [{ name: 'web', protocol: 'TCP', port: 80 }] as const
    put('x/a', '10.0.0.1', { labels: { app: 'a' } })
    put('x/b', '10.0.0.2', { labels: { app: 'a' } })
    put('x/c', '10.0.0.3', { labels: { app: 'c' } })
    put('y/a', '10.0.0.4', { labels: { app: 'a' } })
    put('x/d', '10.0.0.5', { labels: { app: 'a' }, ports: web })
    expect(peers.groups.size).toBe(4)
    remove('x/a')
    expect(peers.groups.size).toBe(4)
    remove('x/b')
    expect(peers.groups.size).toBe(3)
  })

  test('have no pod of the node\'s network, and none that cannot be read', () => {
    put('x/a', '10.0.0.1', { hostNetwork: true })
    put('x/b', '10.0.0.2', { faulty: true })
    askPods('all', {})
    expect([peers.groups.size, holds('10.0.0.1'), holds('10.0.0.2')]).toEqual([0, undefined, undefined])
  })
})

describe('an address of a pod', () => {
  test('is in a class as long as anybody asks anything that holds of its pod', () => {
    put('x/web', '10.0.0.1 fd00::1')
    put('x/db', '10.0.0.2')
    expect(holds('10.0.0.1')).toBeUndefined()
    const web = askPods('web', { app: 'web' })
    expect([holds('10.0.0.1'), holds('fd00::1'), holds('10.0.0.2')]).toEqual([['web'], ['web'], undefined])
    const all = askPods('all', {})
    expect([holds('10.0.0.1'), holds('10.0.0.2')]).toEqual([['all', 'web'], ['all']])
    forget(web)
    expect([holds('10.0.0.1'), holds('10.0.0.2')]).toEqual([['all'], ['all']])
    forget(all)
    expect([holds('10.0.0.1'), peers.classes.size, linesOf(store)]).toEqual([undefined, 0, []])
  })

  test('of a namespace by its labels; of one that is not known only if none are asked for', () => {
    put('y/web', '10.0.0.1')
    askPods('red', {}, { team: 'red' })
    askPods('any', { app: 'web' }, {})
    expect(holds('10.0.0.1')).toEqual(['any'])
    for (const [labels, expected] of [[{ team: 'red' }, ['any', 'red']], [{ team: 'blue' }, ['any']], [{ team: 'red' }, ['any', 'red']], [undefined, ['any']]] as const) {
      peers.setNamespace('y', labels)
      peers.ask()
      expect(holds('10.0.0.1')).toEqual(expected)
    }
  })

  test('one for all peers of a rule: it does not tell its own peers apart', () => {
    put('x/web', '10.0.0.1')
    put('x/db', '10.0.0.2')
    put('x/none', '10.0.0.3')
    const either = named('web or db', peers.predicates.usePods([podsWith({ app: 'web' }), podsWith({ app: 'db' }), podsWith({ app: 'gone' })], 'x'))
    expect([holds('10.0.0.1'), holds('10.0.0.2'), holds('10.0.0.3'), peers.classes.size]).toEqual([['web or db'], ['web or db'], undefined, 1])
    put('x/gone', '10.0.0.4')
    expect([holds('10.0.0.4'), textsOf(peers.classesHaving(either))]).toEqual([['web or db'], ['web or db']])
    forget(either)
    expect([holds('10.0.0.1'), peers.classes.size, linesOf(store)]).toEqual([undefined, 0, []])
  })

  test('by the numbers of its named ports, if a rule uses the name', () => {
    put('x/a', '10.0.0.1', { ports: [{ name: 'web', protocol: 'TCP', port: 80 }, { name: 'web', protocol: 'UDP', port: 81 }] })
    put('x/b', '10.0.0.2', { ports: [{ name: 'web', protocol: 'TCP', port: 90 }] })
    const web = askPort('web', 'web')
    expect([holds('10.0.0.1'), holds('10.0.0.2')]).toEqual([['web=80'], ['web=90']])
    expect(textsOf(peers.classesHaving(web))).toEqual(['web=80', 'web=90'])
    put('x/c', '10.0.0.3', { ports: [{ name: 'web', protocol: 'TCP', port: 90 }] })
    expect(holds('10.0.0.3')).toEqual(['web=90'])
    forget(web)
    expect([peers.classes.size, linesOf(store)]).toEqual([0, []])
  })

  test('and by the blocks that contain it, which also have classes of their own', () => {
    put('x/web', '10.0.0.1')
    const block = askBlock('block', '10.0.0.0', '10.0.0.255')
    expect([holds('10.0.0.1'), textsOf(peers.classesHaving(block))]).toEqual([undefined, ['block']])
    askPods('web', { app: 'web' })
    expect([holds('10.0.0.1'), textsOf(peers.classesHaving(block))]).toEqual([['block', 'web'], ['block', 'block web']])
    forget(block)
    expect([holds('10.0.0.1'), peers.classes.size]).toEqual([['web'], 1])
  })

  test('that moves to another pod means what that one is', () => {
    askPods('web', { app: 'web' })
    askPods('db', { app: 'db' })
    put('x/web', '10.0.0.1', { terminating: true })
    put('x/db', '10.0.0.1')
    expect(holds('10.0.0.1')).toEqual(['db'])
    remove('x/db')
    expect(holds('10.0.0.1')).toEqual(['web'])
  })

  test('that two pods claim alike is nobody\'s, until one gives way', () => {
    askPods('all', {})
    put('x/web', '10.0.0.1')
    put('x/db', '10.0.0.1')
    expect([holds('10.0.0.1'), [...peers.book.contested]]).toEqual([undefined, [addressOf('10.0.0.1')]])
    put('x/db', '10.0.0.2')
    expect([holds('10.0.0.1'), holds('10.0.0.2'), peers.book.contested.size]).toEqual([['all'], ['all'], 0])
  })

  test('that is gone is forgotten', () => {
    askPods('all', {})
    put('x/web', '10.0.0.1')
    remove('x/web')
    expect([peers.book.of(4).get(addressOf('10.0.0.1')), linesOf(store), peers.pods.size]).toEqual([undefined, [], 0])
  })
})

describe('an address of a node', () => {
  test('is in a class if anybody asks for its labels', () => {
    node('one', '192.0.2.1 2001:db8::1', { zone: 'east' })
    node('two', '192.0.2.2', { zone: 'west' })
    expect(holds('192.0.2.1')).toBeUndefined()
    const east = askNodes('east', { zone: 'east' })
    expect([holds('192.0.2.1'), holds('2001:db8::1'), holds('192.0.2.2')]).toEqual([['east'], ['east'], undefined])
    node('one', '192.0.2.1', { zone: 'west' })
    expect([holds('192.0.2.1'), holds('2001:db8::1')]).toEqual([undefined, undefined])
    node('two', '192.0.2.2', { zone: 'east' })
    expect(holds('192.0.2.2')).toEqual(['east'])
    forget(east)
    expect([holds('192.0.2.2'), peers.classes.size, linesOf(store)]).toEqual([undefined, 0, []])
  })

  test('is no pod: selectors of pods leave it alone, blocks do not', () => {
    node('one', '192.0.2.1')
    askPods('all', {})
    askPods('everywhere', {}, {})
    askBlock('block', '192.0.2.0', '192.0.2.255')
    expect(holds('192.0.2.1')).toBeUndefined()
    askNodes('nodes', {})
    expect(holds('192.0.2.1')).toEqual(['block', 'nodes'])
  })

  test('that a pod has, too, is both', () => {
    askPods('web', { app: 'web' })
    askNodes('nodes', {})
    node('one', '10.0.0.1')
    put('x/web', '10.0.0.1')
    expect(holds('10.0.0.1')).toEqual(['nodes', 'web'])
    peers.setNode('one', undefined)
    expect(holds('10.0.0.1')).toEqual(['web'])
    node('one', '10.0.0.1')
    remove('x/web')
    expect(holds('10.0.0.1')).toEqual(['nodes'])
    peers.setNode('one', undefined)
    expect([holds('10.0.0.1'), linesOf(store)]).toEqual([undefined, []])
  })

  test('that two pods claim alike is the node\'s alone', () => {
    askPods('all', {})
    askNodes('nodes', {})
    node('one', '10.0.0.1')
    put('x/web', '10.0.0.1')
    put('x/db', '10.0.0.1')
    expect(holds('10.0.0.1')).toEqual(['nodes'])
  })

  test('that two nodes have means what either is', () => {
    askNodes('east', { zone: 'east' })
    askNodes('west', { zone: 'west' })
    node('one', '192.0.2.1', { zone: 'east' })
    node('two', '192.0.2.1', { zone: 'west' })
    expect(holds('192.0.2.1')).toEqual(['east', 'west'])
    peers.setNode('one', undefined)
    expect(holds('192.0.2.1')).toEqual(['west'])
    peers.setNode('none', undefined)
    expect(peers.groups.size).toBe(1)
  })
})

describe('what changes', () => {
  test('is told once: new classes, classes that mean something else, classes that are gone', () => {
    put('x/web', '10.0.0.1')
    put('x/db', '10.0.0.2')
    const all = askPods('all', {})
    const [created] = peers.classes.takeCreated()
    expect([predicatesOf(created!).map(nameOf), peers.takeRenamed(), peers.classes.takeCreated()]).toEqual([['all'], [], []])
    const web = askPods('web', { app: 'web' })
    const split = [...peers.classes.takeCreated(), ...peers.takeRenamed().map(({ peerClass }) => peerClass)]
    expect(textsOf(split)).toEqual(expect.arrayContaining(['all web']))
    peers.predicates.release(web)
    peers.forget()
    expect(peers.classes.takeRemoved()).toHaveLength(1)
    forget(all)
    expect(peers.classes.size).toBe(0)
  })
})
