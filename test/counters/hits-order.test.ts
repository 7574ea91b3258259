// What the order of readings, commits and refusals must not do to totals. test/agent/hits.property.test.ts has the rest.
import { beforeEach, expect, test } from '@jest/globals'
import { podKey } from '../../src/cluster/objects.ts'
import { Compiler } from '../../src/compiler/compiler.ts'
import type { CounterName } from '../../src/nftables/content.ts'
import type { CounterValue } from '../../src/nftables/transaction.ts'
import { Hits } from '../../src/counters/hits.ts'
import type { Reading } from '../../src/counters/past.ts'
import { pod, policy } from '../policy/state.ts'

const NODE = 'node-a'
const POD = pod('x/a', '10.0.0.10', { nodeName: NODE })
const [ONE, TWO] = ['x/one', 'x/two'].map((name) => policy(name, { podSelector: {}, ingress: [{}] })) as [ReturnType<typeof policy>, ReturnType<typeof policy>]

let compiler: Compiler
let hits: Hits
/** The counter of both policies. */
let set: CounterName

beforeEach(() => {
  compiler = new Compiler(NODE)
  hits = new Hits(compiler)
  compiler.load([ONE, TWO].map((now) => ({ kind: 'policy', key: now.key, now })))
  compiler.load([{ kind: 'pod', key: podKey(POD), now: POD }])
  set = [...compiler.content.counters].find((name) => name.startsWith('in/set-'))!
  hits.replaced(hits.beginnings(compiler.content.counters, new Map()))
})

function reading(packets: number): Reading {
  return new Map([[set, { packets, bytes: packets * 100 }]])
}

function read(packets: number): void {
  hits.read(reading(packets), hits.begin())
}

function ofOne(): number | undefined {
  return hits.totals().policies.find(({ key, direction }) => key === ONE.key && direction === 'ingress')?.packets
}

test('a reading that began before a counter went and came again is not of the new one', () => {
  const begun = hits.begin()
  hits.retire([set], reading(5))
  hits.added([set])
  hits.read(reading(5), begun)
  expect(ofOne()).toBe(5)
  read(2)
  expect(ofOne()).toBe(7)
})

test('a reading that is late says nothing', () => {
  const [first, second] = [hits.begin(), hits.begin()]
  hits.read(reading(8), second)
  hits.read(reading(6), first)
  read(9)
  expect(ofOne()).toBe(9)
})

test('a counter that went in a refused commit, and is wanted again, begins with nothing: what it had is kept already', () => {
  read(5)
  hits.retire([set], reading(5))
  const beginnings = hits.beginnings(compiler.content.counters, reading(5))
  expect(beginnings.get(set)).toEqual({ packets: 0, bytes: 0 })
  expect(beginnings.get('past-in/x/one' as CounterName)).toEqual({ packets: 5, bytes: 500 })
  hits.replaced(beginnings)
  expect(ofOne()).toBe(5)
})

test('what was shown between the last reading and a replacement goes on to be shown, and counts once', () => {
  read(5)
  const beginnings = hits.beginnings(compiler.content.counters, reading(5))
  read(7)
  hits.replaced(beginnings)
  expect(ofOne()).toBe(7)
  expect(hits.takeChanges()).toContainEqual({ add: 'counter', family: 'inet', name: 'past-in/x/one', value: { packets: 2, bytes: 200 } })
  read(6)
  expect(ofOne()).toBe(8)
})

test('counters whose policies the kernel does not tell are the ones that are lost, and no others', () => {
  const before: Reading = new Map([
    ['in/set-0123456789abcdef', { packets: 3, bytes: 300, comment: 'x: one, gone' }],
    ['in/set-0123456789abcdee', { packets: 4, bytes: 400, comment: 'x: one, long...' }],
    ['in/x/one', { packets: 5, bytes: 500 }],
    ['in/x/two', { packets: 0, bytes: 0 }],
    ['past-in/x/one', { packets: 6, bytes: 600 }],
    [set, { packets: 7, bytes: 700, comment: 'x: one, two' }],
  ] as [CounterName, CounterValue][])
  const next = new Hits(compiler)
  next.read(before, next.begin())
  const beginnings = next.beginnings(compiler.content.counters, before)
  expect(beginnings.get(set)?.packets).toBe(7)
  expect(beginnings.get('past-in/x/one' as CounterName)?.packets).toBe(3 + 5 + 6)
  expect(beginnings.has('past-in/x/two' as CounterName)).toBe(false)
})
