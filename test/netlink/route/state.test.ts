// Whatever an event changes in what is known about a veth, the event's answer names that veth: nothing else is looked at again.
import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { parseAddress, type Address } from '../../../src/cluster/address.ts'
import type { Link, RouteEvent } from '../../../src/netlink/route/decode.ts'
import { RouteState } from '../../../src/netlink/route/state.ts'

const BRIDGES = [1, 2]
const VETHS = [11, 12, 13]

const bridge = fc.constantFrom(...BRIDGES)
const port = fc.constantFrom(...VETHS)
const anyLink = fc.constantFrom(...BRIDGES, ...VETHS)
const mac = fc.constantFrom('\x02one', '\x02two')
const address = fc.constantFrom(...['10.0.0.1', '10.0.0.2', 'fd00::1', 'fe80::1'].map((text) => parseAddress(text)!))

const bridgeLink = fc.record({ ifindex: bridge, name: fc.constantFrom('br0', 'br1', 'br2'), up: fc.boolean() })
  .map((link): Link => ({ ...link, kind: 'bridge', peer: undefined, netnsid: undefined, master: undefined, bridged: false, tunnels: [] }))

const vethLink = fc.record({
  ifindex: port, name: fc.constantFrom('v1', 'v2'), up: fc.boolean(), master: fc.option(bridge, { nil: undefined }),
}).map((link): Link => ({ ...link, kind: 'veth', peer: 2, netnsid: link.ifindex, bridged: link.master !== undefined, tunnels: [] }))

const routes = fc.record({ table: fc.constantFrom(1, 2), ifindex: port, address })
  .map(({ table, ifindex, address }) => ({ id: `${table}/${address}`, ifindex, address }))

const event: fc.Arbitrary<RouteEvent> = fc.oneof(
  fc.record({ kind: fc.constant('link' as const), gone: fc.boolean(), value: fc.oneof(bridgeLink, vethLink) }),
  fc.record({ kind: fc.constant('route' as const), gone: fc.boolean(), value: routes }),
  fc.record({
    kind: fc.constant('neighbour' as const), gone: fc.boolean(),
    value: fc.record({ ifindex: anyLink, address, mac: fc.option(mac, { nil: undefined }) }),
  }),
  fc.record({ kind: fc.constant('fdb' as const), gone: fc.boolean(), value: fc.record({ port, bridge, mac }) }),
)

/** What is known of each veth, with these addresses inside every one of them. */
function known(state: RouteState, inside: readonly Address[]): Map<number, string> {
  return new Map(VETHS.map((ifindex) => {
    const link = state.podLink(ifindex)
    return [ifindex, JSON.stringify(link && state.veth(link, inside))]
  }))
}

test('an event names every veth that it changes', () => {
  fc.assert(fc.property(fc.array(event, { maxLength: 60, size: 'max' }), (events) => {
    const state = new RouteState()
    for (const each of events) {
      const before = known(state, [])
      const concerned = state.apply(each)
      const changed = VETHS.filter((ifindex) => known(state, []).get(ifindex) !== before.get(ifindex))
      expect(concerned).toEqual(expect.arrayContaining(changed))
    }
  }), { numRuns: 300 })
})

test('saying an event twice changes nothing', () => {
  fc.assert(fc.property(fc.array(event, { maxLength: 60, size: 'max' }), (events) => {
    const [once, twice] = [new RouteState(), new RouteState()]
    for (const each of events) {
      once.apply(each)
      twice.apply(each)
      twice.apply(each)
    }
    expect(known(twice, [])).toEqual(known(once, []))
  }), { numRuns: 300 })
})

test('learned addresses count only where none is known inside', () => {
  const state = new RouteState()
  const [link] = fc.sample(vethLink, { numRuns: 1, seed: 1 })
  state.apply({ kind: 'link', gone: false, value: link! })
  state.apply({ kind: 'neighbour', gone: false, value: { ifindex: link!.ifindex, address: parseAddress('10.0.0.1')!, mac: 'm' } })
  expect(state.veth(state.podLink(link!.ifindex)!, []).learned).toHaveLength(1)
  expect(state.veth(state.podLink(link!.ifindex)!, [parseAddress('fe80::1')!]).learned).toHaveLength(1)
  expect(state.veth(state.podLink(link!.ifindex)!, [parseAddress('10.0.0.2')!]).learned).toEqual([])
})
