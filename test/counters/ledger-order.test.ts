// What the order of readings, commits and refusals must not do to totals. ledger.property.test.ts has the rest.
import { beforeEach, expect, test } from '@jest/globals'
import { podKey } from '../../src/cluster/objects.ts'
import { Compiler } from '../../src/compiler/compiler.ts'
import type { CounterName } from '../../src/nftables/content.ts'
import type { CounterValue } from '../../src/nftables/transaction.ts'
import { Ledger, type Replacement } from '../../src/counters/ledger.ts'
import type { Reading } from '../../src/counters/past.ts'
import type { HitTotals } from '../../src/counters/totals.ts'
import { pod, policy } from '../policy/state.ts'

const NODE = 'node-a'
const POD = pod('x/a', '10.0.0.10', { nodeName: NODE })
const [ONE, TWO] = ['x/one', 'x/two'].map((name) => policy(name, { podSelector: {}, ingress: [{}] })) as [ReturnType<typeof policy>, ReturnType<typeof policy>]

let compiler: Compiler
let kernel: Kernel
let ledger: Ledger
/** The counter of both policies. */
let set: CounterName

/** Counters that a test sets, and readings that it lets come in the order that it wants. */
class Kernel {
  now: Reading = new Map()
  readonly #held: (() => void)[] = []
  isHolding = false

  async counters(): Promise<Reading> {
    const reading = this.now
    if (this.isHolding) await new Promise<void>((resolve) => this.#held.push(resolve))
    return reading
  }

  countersNow(): Reading {
    return this.now
  }

  /** Lets the nth reading that waits come. */
  release(index: number): void {
    this.#held[index]?.()
  }
}

beforeEach(async () => {
  compiler = new Compiler(NODE)
  kernel = new Kernel()
  ledger = newLedger()
  compiler.load([ONE, TWO].map((now) => ({ kind: 'policy', key: now.key, now })))
  compiler.load([{ kind: 'pod', key: podKey(POD), now: POD }])
  set = [...compiler.content.counters].find((name) => name.startsWith('in/set-'))!
  const first = await replacement()
  first.done()
})

function newLedger(): Ledger {
  const onLost = (error: unknown): never => {
    throw error
  }
  return new Ledger({ compiler, reader: kernel, onLost })
}

function replacement(): Promise<Replacement> {
  return ledger.forReplacement(compiler.content.counters)
}

function counted(packets: number): void {
  kernel.now = new Map([[set, { packets, bytes: packets * 100 }]])
}

async function poll(packets: number): Promise<number | undefined> {
  counted(packets)
  return ofOne(await ledger.poll())
}

function ofOne({ policies }: HitTotals): number | undefined {
  return policies.find(({ key, direction }) => key === ONE.key && direction === 'ingress')?.packets
}

const changes = (deleted: CounterName[], added: CounterName[]) => ({ deleted: new Set(deleted), added: new Set(added) })

test('a reading that began before a counter went and came again is not of the new one', async () => {
  counted(5)
  kernel.isHolding = true
  const polling = ledger.poll()
  ledger.forDelta(changes([set], [set])).done()
  kernel.release(0)
  expect(ofOne(await polling)).toBe(5)
  kernel.isHolding = false
  expect(await poll(2)).toBe(7)
})

test('a reading that is late says nothing', async () => {
  kernel.isHolding = true
  const first = poll(6)
  const second = poll(8)
  kernel.release(1)
  expect(await second).toBe(8)
  kernel.release(0)
  expect(await first).toBe(8)
  kernel.isHolding = false
  expect(await poll(9)).toBe(9)
})

test('a counter that went in a refused commit, and is wanted again, begins with nothing: what it had is kept already', async () => {
  await poll(5)
  ledger.forDelta(changes([set], []))
  const { beginnings, done } = await replacement()
  expect(beginnings.get(set)).toEqual({ packets: 0, bytes: 0 })
  expect(beginnings.get('past-in/x/one' as CounterName)).toEqual({ packets: 5, bytes: 500 })
  done()
  expect(await poll(0)).toBe(5)
})

test('what was shown between the last reading and a replacement goes on to be shown, and counts once', async () => {
  await poll(5)
  const { done } = await replacement()
  await poll(7)
  done()
  expect(await poll(5)).toBe(7)
  expect(ledger.isDue).toBe(true)
  expect(ledger.forDelta(changes([], [])).commands).toContainEqual({ add: 'counter', family: 'inet', name: 'past-in/x/one', value: { packets: 2, bytes: 200 } })
  expect(await poll(6)).toBe(8)
})

test('counters whose policies the kernel does not name are the ones that are lost, and no others', async () => {
  kernel.now = new Map([
    ['in/set-0123456789abcdef', { packets: 3, bytes: 300, comment: 'x: one, gone' }],
    ['in/set-0123456789abcdee', { packets: 4, bytes: 400, comment: 'x: one, long...' }],
    ['in/x/one', { packets: 5, bytes: 500 }],
    ['in/x/two', { packets: 0, bytes: 0 }],
    ['past-in/x/one', { packets: 6, bytes: 600 }],
    [set, { packets: 7, bytes: 700, comment: 'x: one, two' }],
  ] as [CounterName, CounterValue][])
  ledger = newLedger()
  const { beginnings } = await replacement()
  expect(beginnings.get(set)?.packets).toBe(7)
  expect(beginnings.get('past-in/x/one' as CounterName)?.packets).toBe(3 + 5 + 6)
  expect(beginnings.has('past-in/x/two' as CounterName)).toBe(false)
})
