// Following real veths of real namespaces through what CNIs do to them.
import { closeSync, openSync, readdirSync, readlinkSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { deleteNamespaces, exec } from '../../../lab/namespace.ts'
import { quietly } from '../../../lab/patience.ts'
import { replaceDescriptor } from '../../../lab/native.ts'
import { addressLines, follow, makeNode, texts, vethLines, type Follower, type TestNode } from './node.ts'

let node: TestNode
let follower: Follower

beforeEach(() => {
  node = makeNode(3)
  follower = follow(node)
})

afterEach(async () => {
  await follower.table.close()
  node.remove()
  expect(follower.errors).toEqual([])
})

function addressesOf(ifname: string): string[] | undefined {
  return texts(follower.veth(ifname)?.addresses)
}

describe('what is there at the start', () => {
  test('is told at once, in one go', () => {
    node.ip('link add br0 type bridge', ...vethLines(node, 0), ...vethLines(node, 1))
    node.ip('link set v1 master br0', 'route add 10.1.0.5/32 dev v0')
    node.podIp(0, ...addressLines('10.1.0.5/32', 'fd00:1::5/128'))
    node.podIp(1, ...addressLines('10.2.0.5/24'))
    follower.table.start()
    expect(follower.changes).toBe(1)
    expect(follower.veth('v0')).toMatchObject({ bridge: undefined, learned: [] })
    expect(addressesOf('v0')).toEqual(['10.1.0.5', 'fd00:1::5'])
    expect(texts(follower.veth('v0')?.routed)).toEqual(['10.1.0.5'])
    expect(texts(follower.veth('v0')?.linkLocal)).toEqual([expect.stringMatching(/^fe80::/)])
    expect(follower.veth('v1')).toMatchObject({ bridge: 'br0', routed: [] })
    expect(addressesOf('v1')).toEqual(['10.2.0.5'])
  })

  test('a veth whose both ends are here leads to no pod', () => {
    node.ip('link add here0 type veth peer name here1')
    follower.table.start()
    expect(Array.from(follower.table.veths())).toEqual([])
  })
})

describe('pods that come and go', () => {
  beforeEach(() => follower.table.start())

  test('created by the order of CNI plugins: veth made in the pod, one end moved to the node', async () => {
    node.podIp(0, `link add eth0 type veth peer name v0`, ...addressLines('10.1.0.5/32'), `link set v0 netns ${node.namespace}`)
    await follower.until(() => addressesOf('v0')?.join() === '10.1.0.5')
  })

  test('created on the node, the other end moved to the pod afterwards', async () => {
    node.ip('link add v0 type veth peer name eth0', 'link set v0 up')
    await quietly()
    expect(follower.changes).toBe(0)
    node.ip(`link set eth0 netns ${node.pods[0]!}`)
    node.podIp(0, ...addressLines('10.1.0.5/32'))
    await follower.until(() => addressesOf('v0')?.join() === '10.1.0.5')
  })

  test.each([30, 300])('addresses set %d ms after the last event of the link are found', async (delayMs) => {
    node.ip(...vethLines(node, 0))
    node.podIp(0, 'link set eth0 up')
    await follower.until(() => follower.veth('v0') !== undefined)
    await sleep(delayMs)
    expect(addressesOf('v0')).toEqual([])
    node.podIp(0, ...addressLines('10.1.0.5/32', 'fd00:1::5/128'))
    await follower.until(() => addressesOf('v0')?.join() === '10.1.0.5,fd00:1::5')
  })

  test('an address that is set much later is found with the next event, or when asked for', async () => {
    node.ip(...vethLines(node, 0))
    node.podIp(0, ...addressLines('10.1.0.5/32'))
    await follower.until(() => addressesOf('v0')?.join() === '10.1.0.5')
    node.podIp(0, 'addr add fd00:1::5/128 dev eth0 nodad')
    node.ip('route add fd00:1::5/128 dev v0')
    await follower.until(() => addressesOf('v0')?.join() === '10.1.0.5,fd00:1::5')
    node.podIp(0, 'addr add 10.1.0.6/32 dev eth0')
    follower.table.refresh()
    expect(addressesOf('v0')).toEqual(['10.1.0.5', '10.1.0.6', 'fd00:1::5'])
  })

  test('deleted and made again under the same name with another address', async () => {
    node.ip(...vethLines(node, 0))
    node.podIp(0, ...addressLines('10.1.0.5/32'))
    await follower.until(() => addressesOf('v0')?.join() === '10.1.0.5')
    const { ifindex } = follower.veth('v0')!
    node.ip('link del v0', ...vethLines(node, 0))
    node.podIp(0, ...addressLines('10.1.0.6/32'))
    await follower.until(() => addressesOf('v0')?.join() === '10.1.0.6')
    expect(follower.veth('v0')?.ifindex).not.toBe(ifindex)
    expect(Array.from(follower.table.veths())).toHaveLength(1)
  })

  test('gone with its namespace', async () => {
    node.ip(...vethLines(node, 0))
    node.podIp(0, ...addressLines('10.1.0.5/32'))
    await follower.until(() => follower.veth('v0') !== undefined)
    deleteNamespaces([node.pods[0]!])
    await follower.until(() => follower.veth('v0') === undefined)
  })

  test('renamed, put on a bridge, the bridge renamed, taken off again', async () => {
    node.ip('link add br0 type bridge', ...vethLines(node, 0))
    node.podIp(0, ...addressLines('10.1.0.5/32'))
    await follower.until(() => addressesOf('v0')?.join() === '10.1.0.5')
    node.ip('link set v0 down', 'link set v0 name v0new', 'link set v0new up') // before Linux 6.2 a link is renamed only while it is down
    await follower.until(() => addressesOf('v0new')?.join() === '10.1.0.5' && follower.veth('v0') === undefined)
    node.ip('link set v0new master br0')
    await follower.until(() => follower.veth('v0new')?.bridge === 'br0')
    node.ip('link set br0 name br1')
    await follower.until(() => follower.veth('v0new')?.bridge === 'br1')
    node.ip('link set v0new nomaster')
    await follower.until(() => follower.veth('v0new')?.bridge === undefined)
    expect(addressesOf('v0new')).toEqual(['10.1.0.5'])
  })
})

describe('evidence on the node', () => {
  beforeEach(() => follower.table.start())

  test('host routes come, move to another veth, and go with the link that goes down', async () => {
    const routed = (ifname: string): string | undefined => texts(follower.veth(ifname)?.routed)?.join()
    node.ip(...vethLines(node, 0), ...vethLines(node, 1), 'route add 10.1.0.5/32 dev v0', 'route add fd00:1::5/128 dev v0')
    await follower.until(() => routed('v0') === '10.1.0.5,fd00:1::5')
    node.ip('route replace 10.1.0.5/32 dev v1')
    await follower.until(() => routed('v0') === 'fd00:1::5' && routed('v1') === '10.1.0.5')
    node.ip('link set v1 down')
    await follower.until(() => routed('v1') === '')
    node.ip('route del fd00:1::5/128 dev v0')
    await follower.until(() => routed('v0') === '')
  })

  test('neighbours behind a bridge port, as the forwarding table says, where no address is known', async () => {
    node.ip('link add br0 type bridge', 'link set br0 up', ...vethLines(node, 0), ...vethLines(node, 1))
    node.ip('link set v0 master br0', 'link set v1 master br0', 'neigh add 10.2.0.5 lladdr 02:00:00:00:00:05 dev br0')
    exec(node.namespace, ['bridge', 'fdb', 'add', '02:00:00:00:00:05', 'dev', 'v0', 'master', 'static'])
    await follower.until(() => texts(follower.veth('v0')?.learned)?.join() === '10.2.0.5')
    exec(node.namespace, ['bridge', 'fdb', 'replace', '02:00:00:00:00:05', 'dev', 'v1', 'master', 'static'])
    await follower.until(() => texts(follower.veth('v1')?.learned)?.join() === '10.2.0.5' && follower.veth('v0')?.learned.length === 0)
    node.podIp(1, ...addressLines('10.2.0.9/24'))
    await follower.until(() => addressesOf('v1')?.join() === '10.2.0.9')
    expect(follower.veth('v1')?.learned).toEqual([])
  })

  test('neighbours of a routed veth', async () => {
    node.ip(...vethLines(node, 0), 'neigh add 10.2.0.5 lladdr 02:00:00:00:00:05 dev v0')
    await follower.until(() => texts(follower.veth('v0')?.learned)?.join() === '10.2.0.5')
    node.ip('neigh del 10.2.0.5 dev v0')
    await follower.until(() => follower.veth('v0')?.learned.length === 0)
  })
})

test('sockets that fail are replaced, and what happened meanwhile is found', async () => {
  const before = sockets()
  follower.table.start()
  node.ip(...vethLines(node, 0))
  node.podIp(0, ...addressLines('10.1.0.5/32'))
  await follower.until(() => addressesOf('v0')?.join() === '10.1.0.5')
  const folder = openSync('/', 'r')
  for (const fd of sockets().filter((each) => !before.includes(each))) replaceDescriptor(fd, folder)
  closeSync(folder)
  follower.table.refresh()
  expect(addressesOf('v0')).toEqual(['10.1.0.5'])
  node.ip(...vethLines(node, 1))
  node.podIp(1, ...addressLines('10.1.0.6/32'))
  await follower.until(() => addressesOf('v1')?.join() === '10.1.0.6')
  expect(follower.errors.splice(0).length).toBeGreaterThan(1)
  node.podIp(0, 'link del eth0')
  await follower.until(() => follower.veth('v0') === undefined)
})

/** Descriptors of this process's open sockets. */
function sockets(): number[] {
  return readdirSync('/proc/self/fd').map(Number).filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).startsWith('socket:')
    } catch {
      return false // of the listing itself
    }
  })
}

test('nothing is told after close, no timer is left, and closing twice is fine', async () => {
  const timersBefore = timers()
  follower.table.start()
  node.ip(...vethLines(node, 0))
  await follower.until(() => follower.veth('v0') !== undefined)
  await Promise.all([follower.table.close(), follower.table.close()])
  expect(timers()).toBe(timersBefore)
  const { changes } = follower
  node.podIp(0, ...addressLines('10.1.0.5/32'))
  await quietly()
  expect(follower.changes).toBe(changes)
})

function timers(): number {
  return process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length
}
