// The agent dies at every single step of a start and of changes, before the kernel has done what it was asked and after: the kernel
// has the old content or the new one, and the next agent puts it right. On the real kernel; the process stays alive, so that the
// step can be chosen.
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import type { Change } from '../../src/source.ts'
import { podKey } from '../../src/cluster/objects.ts'
import { createBackend } from '../../src/netlink/create-backend.ts'
import type { Backend, KernelReader } from '../../src/nftables/backend.ts'
import { until } from '../../lab/patience.ts'
import { canonical } from '../compiler/canonical.ts'
import { emptyKernel, type Kernel } from '../netlink/nf-tables/kernel.ts'
import { pod, policy } from '../policy/state.ts'
import { agentOf, nextTurn, ToldSource, wanted } from './agent-in-process.ts'

type Kind = 'netlink' | 'nft'

/** Isolated pods of this node. */
function pods(first: number, count: number): Change[] {
  return Array.from({ length: count }, (_, n) => {
    const now = pod(`x/p${first + n}`, `10.0.${(first + n) >> 8}.${(first + n) & 255}`)
    return { kind: 'pod', key: podKey(now), now }
  })
}

function policyChange(name: string, spec: object | undefined): Change {
  const now = policy(`x/${name}`, spec ?? {})
  return { kind: 'policy', key: now.key, now: spec === undefined ? undefined : now }
}

const DENY = policyChange('deny', { podSelector: {} })
/** What the kernel has at first, and what is so when the agent that dies starts. */
const OLD = [DENY, ...pods(0, 2)]
const START = [DENY, ...pods(0, 3), policyChange('web', { podSelector: {}, ingress: [{ ports: [{ port: 80 }] }] })]
/** What happens then: single changes, and a burst that ends with one so large that it is committed on another thread. */
const BATCHES: readonly (readonly Change[])[] = [
  pods(3, 1), pods(4, 1), pods(5, 1), [policyChange('web', undefined)], pods(6, 1), pods(7, 600),
]

/** Those at the beginning that are in force before the next. */
const ONE_BY_ONE = 3

/** A back end that dies at a step: what is asked then is done or not, but nobody hears of it, and nothing is done any more. */
class Mortal implements Backend {
  readonly reader: KernelReader
  readonly died: Promise<void>
  isDead = false
  readonly #real: Backend
  readonly #lastStep: number
  readonly #isDone: boolean
  #step = 0
  #die: () => void = () => undefined

  constructor(real: Backend, lastStep: number, isDone: boolean) {
    this.#real = real
    this.reader = {
      counters: () => this.#live(() => real.reader.counters()) ?? forever(),
      countersNow: (names) => real.reader.countersNow(names),
      eachElement: (set, visit) => real.reader.eachElement(set, visit),
      elementsNow: (set, keys) => real.reader.elementsNow(set, keys),
      structure: () => real.reader.structure(),
      state: () => real.reader.state(),
    }
    this.#lastStep = lastStep
    this.#isDone = isDone
    this.died = new Promise((resolve) => {
      this.#die = () => {
        this.isDead = true
        resolve()
      }
    })
  }

  commit: Backend['commit'] = (transaction) => this.#live(() => this.#real.commit(transaction))
  close: Backend['close'] = () => this.#real.close()

  #live<T>(act: () => Promise<T> | undefined): Promise<T> | undefined {
    const step = ++this.#step
    if (step < this.#lastStep) return act()
    const done = step === this.#lastStep && this.#isDone ? act() : undefined
    if (done === undefined) this.#die()
    else void done.then(this.#die)
    return forever()
  }
}

function forever(): Promise<never> {
  return new Promise(() => undefined)
}

let kernel: Kernel
beforeEach(() => {
  kernel = emptyKernel()
})
afterEach(() => kernel.close())

/** Lets an agent live with this back end: a start, and all changes. */
async function live(kind: Kind, first: readonly Change[], batches: typeof BATCHES, mortality = { step: Infinity, isDone: false }): Promise<'died' | 'lived'> {
  const backend = new Mortal(createBackend({ kind, namespace: kernel.path }), mortality.step, mortality.isDone)
  const source = new ToldSource(first)
  const agent = agentOf(source, backend)
  const life = async (): Promise<'lived'> => {
    await agent.start()
    for (const [index, batch] of batches.entries()) {
      source.say(...batch)
      await nextTurn()
      if (index < ONE_BY_ONE || index === batches.length - 1) await inForce([...first, ...batches.slice(0, index + 1).flat()], backend)
    }
    await agent.close()
    return 'lived'
  }
  const end = await Promise.race([life(), backend.died.then(() => 'died' as const)])
  backend.close() // as the kernel does with a process's sockets
  return end
}

/** Waits until the kernel has this, or its agent is dead. */
async function inForce(changes: readonly Change[], backend: Mortal): Promise<void> {
  const expected = JSON.stringify(wanted(changes))
  await until(async () => backend.isDead || JSON.stringify(await content()) === expected, 'these changes in force')
}

async function content(): Promise<string[]> {
  return canonical((await kernel.content())!)
}

/** What may be there: the old content, and each that the agent has been told of. */
function states(): string[][] {
  return [wanted(OLD), ...Array.from({ length: BATCHES.length + 1 }, (_, n) => wanted([...START, ...BATCHES.slice(0, n).flat()]))]
}

test.each<Kind>(['netlink', 'nft'])('a death at every step (%s)', async (kind) => {
  const allowed = new Set(states().map((state) => state.join('\n')))
  const seen = new Set<string>()
  let step = 1
  for (; ; step++) {
    const ends = []
    for (const isDone of [false, true]) {
      await live(kind, OLD, [])
      ends.push(await live(kind, START, BATCHES, { step, isDone }))
      const found = (await content()).join('\n')
      expect([...allowed]).toContain(found)
      seen.add(found)
    }
    if (!ends.includes('died')) break
    await live(kind, START, [])
    expect(await content()).toEqual(wanted(START))
  }
  expect(step).toBeGreaterThan(6)
  expect(seen.size).toBeGreaterThan(5)
})
