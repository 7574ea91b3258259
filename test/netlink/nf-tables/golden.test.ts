// What nft gets, as files that a person can read. UPDATE_GOLDEN=1 writes them anew.
import { readFileSync, writeFileSync } from 'node:fs'
import process from 'node:process'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import type { Content, CounterName, Key, Value } from '../../../src/nftables/content.ts'
import { diff, emptyContent } from '../../../src/nftables/diff.ts'
import { render } from '../../../src/nftables/render.ts'
import type { SetName } from '../../../src/nftables/schema.ts'
import { cleanup, replace, update, type Transaction } from '../../../src/nftables/transaction.ts'
import { address, classid, port } from '../../nftables/contents.ts'
import { CAN } from './can.ts'
import { emptyKernel, type Kernel } from './kernel.ts'

const FOLDER = new URL('../../golden/', import.meta.url)

let kernel: Kernel
beforeAll(() => {
  kernel = emptyKernel()
})
afterAll(() => kernel.close())

const FRONTEND = 0x1_0001
const WEB = 'in/shop/web' as CounterName
const DATABASE = 'in/shop/database' as CounterName
const DENIED = 'deny/in/shop/database-0' as CounterName

/** Two pods: web takes HTTP from anywhere, database takes 5432 from web, and a range of ports from one network. */
const TWO_PODS: Content = {
  sets: new Map<SetName, ReadonlyMap<Key, Value>>([
    ['verdict_ports', elements([classid(1) + tcp(80), WEB], [classid(2) + tcp(5432), DATABASE])],
    ['verdict_ranges', elements([classid(3) + tcp(8000) + classid(3) + tcp(8100), DATABASE])],
    ['veths', elements([ifname('veth-web'), true], [ifname('veth-db'), true])],
    ['class4', elements([address('10.244.1.2'), FRONTEND])],
    ['class6', elements([address('fd00:10:244:1::2'), FRONTEND])],
    ['cidr4', elements([address('192.0.2.0') + address('192.0.2.255'), FRONTEND + 1])],
    ['veth4', elements([ifname('veth-web') + address('10.244.1.2'), true], [ifname('veth-db') + address('10.244.1.3'), true])],
    ['veth6', elements([ifname('veth-web') + address('fd00:10:244:1::2'), true])],
    ['self4', elements([address('10.244.1.3') + address('10.244.1.3'), true])],
    ['in_judged4', elements([address('10.244.1.2'), true], [address('10.244.1.3'), true])],
    ['in_default4', elements([address('10.244.1.2'), 1])],
    ['in_pair4', elements([classid(FRONTEND) + address('10.244.1.3'), 2], [classid(FRONTEND + 1) + address('10.244.1.3'), 3])],
    ['in_deny4', elements([address('10.244.1.3'), DENIED])],
  ]),
  counters: new Set([WEB, DATABASE, DENIED]),
}

/** The same after web has moved to another address. */
const MOVED: Content = {
  ...TWO_PODS,
  sets: new Map([
    ...TWO_PODS.sets,
    ['class4', elements([address('10.244.1.9'), FRONTEND])],
    ['cidr4', elements([address('192.0.2.0') + address('192.0.2.127'), FRONTEND + 1])],
  ]),
}

const COUNTS = new Map([
  [WEB, { packets: 1200, bytes: 96_000 }],
  ['spoofed' as CounterName, { packets: 3, bytes: 180 }],
])

// In this order: each is checked in the state that the ones before have left.
test.each<[string, Transaction]>([
  ['empty', replace(emptyContent(), new Map())],
  ['two-pods', replace(TWO_PODS, new Map())],
  ['two-pods-restarted', replace(TWO_PODS, COUNTS)],
  ['two-pods-update', update(diff(TWO_PODS, MOVED))],
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

function elements(...entries: readonly (readonly [string, Value])[]): ReadonlyMap<Key, Value> {
  return new Map(entries as readonly (readonly [Key, Value])[])
}

function tcp(number: number): string {
  return `\x06\0\0\0${port(number)}`
}

function ifname(name: string): string {
  return name.padEnd(16, '\0')
}
