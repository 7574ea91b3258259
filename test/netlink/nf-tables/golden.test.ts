// What nft gets, as files that a person can read: what the compiler and the guard make of the worked example (test/example), with two
// addresses for each pod, and of what changes then. UPDATE_GOLDEN=1 writes them anew.
import { readFileSync, writeFileSync } from 'node:fs'
import process from 'node:process'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { ipTunnel, udpTunnel } from '../../../src/cluster/tunnel.ts'
import type { Veth } from '../../../src/cluster/veth.ts'
import { Compiler } from '../../../src/compiler/compiler.ts'
import { Guard } from '../../../src/guard/guard.ts'
import type { Content, CounterName } from '../../../src/nftables/content.ts'
import { diff, emptyContent } from '../../../src/nftables/diff.ts'
import { render } from '../../../src/nftables/render.ts'
import { type CounterValue, cleanup, replace, type Transaction, update } from '../../../src/nftables/transaction.ts'
import type { Change } from '../../../src/source.ts'
import { addressOf } from '../../arbitrary/pool.ts'
import { beginnings, changesIn, manifest, NODE } from '../../example/example.ts'
import { CAN } from './can.ts'
import { emptyKernel, type Kernel } from './kernel.ts'

const FOLDER = new URL('../../golden/', import.meta.url)

let kernel: Kernel
beforeAll(() => {
  kernel = emptyKernel()
})
afterAll(() => kernel.close())

/** The node at one moment: its content, and what counters begin with. */
interface State {
  readonly content: Content
  readonly counters: Map<CounterName, CounterValue>
}

/** The same with an IPv6 address for each pod: 10.0.1.2 and fd00::1:2. */
function dualStack(change: Change): Change {
  if (change.kind !== 'pod' || change.now === undefined) return change
  const [first] = change.now.addresses
  const last = first!.split('').slice(2).map((byte) => byte.charCodeAt(0).toString(16)).join(':')
  return { ...change, now: { ...change.now, addresses: [first!, addressOf(`fd00::${last}`)] } }
}

const compiler = new Compiler(NODE)

/** What the compiler and the guard make of the node after these changes. */
function after(changes: readonly Change[]): State {
  compiler.apply(changes.map(dualStack))
  const guard = new Guard(true, [udpTunnel(4789), ipTunnel(47)])
  const veths = compiler.localPods().map(({ name, addresses }, index): Veth => (
    { ifindex: index + 1, ifname: `veth-${name}`, bridge: undefined, addresses, linkLocal: [], routed: [], learned: [] }
  ))
  guard.update(compiler.localPods(), { veths: () => veths, tunnels: () => [] }, 1, (pod, way) => (
    way === 'own' ? compiler.isJudgedAtNode(pod) : compiler.isJudged(pod, way === 'in' ? 'ingress' : 'egress')
  ))
  const sets = Array.from(compiler.content.sets, ([name, elements]) => [name, new Map(elements)] as const)
  return { content: { counters: new Set(compiler.content.counters), sets: new Map([...sets, ...guard.content.sets]) }, counters: beginnings(compiler, compiler.content) }
}

/** With what has been counted. */
function counted({ counters }: State): Map<CounterName, CounterValue> {
  const [db, spoofed] = ['in/shop/db', 'spoofed'] as CounterName[] as [CounterName, CounterName]
  return new Map([...counters, [db, { ...counters.get(db), packets: 1200, bytes: 96_000 }], [spoofed, { packets: 3, bytes: 180 }]])
}

function changed(from: State, to: State): Transaction {
  return update(diff(from.content, to.content), to.counters)
}

const SHOP = after(changesIn(manifest('shop')))
const EDGE = after(changesIn(manifest('edge')))
/** web-2 gets another address, and half of the network is trusted no longer. */
const MOVED = after(changesIn(manifest('shop').replace('10.0.2.2', '10.0.2.130').replace('10.0.2.0/24', '10.0.2.0/25')))

// In this order: each is checked in the state that the ones before have left.
test.each<[string, Transaction]>([
  ['empty', replace(emptyContent(), new Map())],
  ['shop', replace(SHOP.content, SHOP.counters)],
  ['shop-restarted', replace(SHOP.content, counted(SHOP))],
  ['shop-edge', changed(SHOP, EDGE)],
  ['shop-moved', changed(EDGE, MOVED)],
  ['cleanup', cleanup()],
])('%s.nft', (name, transaction) => {
  const text = render(transaction)
  const file = new URL(`${name}.nft`, FOLDER)
  if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(file, text)
  expect(text).toBe(readFileSync(file, 'utf8'))
  if (!CAN.nft) return // what a person reads stays the same
  kernel.nft(text, '--check')
  kernel.nft(text)
})
