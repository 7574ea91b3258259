// The dumps against what `ip` made.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { formatAddress } from '../../../src/cluster/address.ts'
import { NetlinkError } from '../../../src/base/errors.ts'
import { RouteSocket } from '../../../src/netlink/route/socket.ts'
import { addressesInside, fdb, hostRoutes, links, neighbours } from '../../../src/netlink/route/tables.ts'
import { exec } from '../../../lab/namespace.ts'
import { addressLines, makeNode, vethLines, type TestNode } from './node.ts'

describe('dumps of a node with a routed pod and a bridged one', () => {
  let node: TestNode
  let socket: RouteSocket

  beforeAll(() => {
    node = makeNode(2)
    node.ip(
      'link set lo up', 'link add br0 type bridge', 'link set br0 up', 'addr add 10.2.0.1/24 dev br0',
      'link add uplink0 type bridge', 'link set uplink0 up', 'addr add 192.0.2.1/24 dev uplink0',
      ...vethLines(node, 0), ...vethLines(node, 1), 'link set v1 master br0',
      'route add 10.1.0.5/32 dev v0', 'route add fd00:1::5/128 dev v0', 'route add 10.1.0.6/32 dev v0 table 77',
      'route add 10.1.0.0/24 dev uplink0', 'route add 10.1.0.9/32 via 192.0.2.9', 'route add blackhole 10.1.0.10/32',
      'neigh add 10.2.0.5 lladdr 02:00:00:00:00:05 dev br0', 'neigh add fd00:2::5 lladdr 02:00:00:00:00:05 dev br0',
    )
    node.podIp(0, ...addressLines('10.1.0.5/32', 'fd00:1::5/128'), 'link add other0 type bridge', 'addr add 10.1.0.77/32 dev other0')
    node.podIp(1, ...addressLines('10.2.0.5/24'))
    exec(node.namespace, ['bridge', 'fdb', 'add', '02:00:00:00:00:05', 'dev', 'v1', 'master', 'static'])
    socket = new RouteSocket(node.path)
  })

  afterAll(() => {
    node.remove()
    socket.close()
  })

  function indexOf(name: string): number {
    return links(socket).find((link) => link.name === name)!.ifindex
  }

  test('links: kind, peer, namespace of the peer, bridge', () => {
    const byName = new Map(links(socket).map((link) => [link.name, link]))
    expect([...byName.keys()].sort()).toEqual(['br0', 'lo', 'uplink0', 'v0', 'v1'])
    expect(byName.get('br0')).toMatchObject({ kind: 'bridge', up: true, master: undefined, bridged: false, netnsid: undefined })
    expect(byName.get('v0')).toMatchObject({ kind: 'veth', up: true, peer: 2, master: undefined, bridged: false })
    expect(byName.get('v1')).toMatchObject({ kind: 'veth', peer: 2, master: byName.get('br0')?.ifindex, bridged: true })
    expect(byName.get('v0')?.netnsid).toBeGreaterThanOrEqual(0)
    expect(byName.get('v1')?.netnsid).not.toBe(byName.get('v0')?.netnsid)
  })

  test('addresses inside a pod: of the peer only, both families, link-local included', () => {
    const { netnsid, peer } = links(socket).find(({ name }) => name === 'v0')!
    const addresses = addressesInside(socket, netnsid!, peer!).map(formatAddress)
    expect(addresses).toEqual(expect.arrayContaining(['10.1.0.5', 'fd00:1::5', expect.stringMatching(/^fe80::/)]))
    expect(addresses).not.toContain('10.1.0.77')
  })

  test('an id of no namespace and an index of no link are errors that say what was asked', () => {
    expect(() => addressesInside(socket, 9999, 2)).toThrow('list addresses of link 2 in the namespace with id 9999: EINVAL')
    const { netnsid } = links(socket).find(({ name }) => name === 'v0')!
    expect(() => addressesInside(socket, netnsid!, 4711)).toThrow(NetlinkError)
    expect(links(socket)).toHaveLength(5)
  })

  test('host routes: single addresses without a gateway, in any table', () => {
    const routes = hostRoutes(socket).map(({ address, ifindex }) => `${formatAddress(address)} ${ifindex}`)
    const v0 = indexOf('v0')
    expect(routes.sort()).toEqual([`10.1.0.5 ${v0}`, `10.1.0.6 ${v0}`, `fd00:1::5 ${v0}`])
  })

  test('neighbours and forwarding entries lead from address to port', () => {
    const bridge = indexOf('br0')
    const mac = Buffer.from([2, 0, 0, 0, 0, 5]).toString('latin1')
    const known = neighbours(socket).filter((each) => each.mac === mac)
    expect(known.map(({ address }) => formatAddress(address)).sort()).toEqual(['10.2.0.5', 'fd00:2::5'])
    expect(known.every(({ ifindex }) => ifindex === bridge)).toBe(true)
    // Kernels with VLANs on bridges have it once more for the port's own VLAN.
    const entries = fdb(socket).filter((each) => each.mac === mac)
    expect(entries[0]).toEqual({ port: indexOf('v1'), bridge, mac })
    expect(new Set(entries.map((entry) => JSON.stringify(entry))).size).toBe(1)
  })
})

test('a namespace that does not exist is an error, and the thread stays where it was', () => {
  const before = ownLinks()
  expect(() => new RouteSocket('/run/netns/vg-there-is-none')).toThrow('ENOENT')
  expect(ownLinks()).toBe(before)
})

function ownLinks(): string {
  const socket = new RouteSocket()
  try {
    return links(socket).map(({ name }) => name).join()
  } finally {
    socket.close()
  }
}
