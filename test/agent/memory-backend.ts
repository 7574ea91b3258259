// The fake kernel, which refuses and dawdles on demand, and in which another process changes things.
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'
import { VethguardError } from '../../src/base/errors.ts'
import type { Content, Key, Value } from '../../src/nftables/content.ts'
import { diff } from '../../src/nftables/diff.ts'
import { FakeKernel } from '../../src/nftables/fake/kernel.ts'
import type { SetName } from '../../src/nftables/schema.ts'
import { cleanup, type Transaction, update } from '../../src/nftables/transaction.ts'

/** How one commit goes: at once or after a moment, and well or not. */
export const MOODS = ['at once', 'throws', 'late', 'rejects', 'rejects late'] as const
export type Mood = (typeof MOODS)[number]

const LATE_MS = 2

export class MemoryBackend extends FakeKernel {
  /** How the next commits go; when there are no more, all go well at once. */
  readonly moods: Mood[] = []
  /** How it takes its time. */
  late: () => Promise<unknown> = () => sleep(LATE_MS)
  /** Contents that it never takes. */
  refuses: (content: Content) => boolean = () => false
  /** Of all kinds, and those that went well. */
  readonly commits = { tried: 0, done: 0 }
  /** How often all elements of a set were read. */
  looks = 0
  #busy = false

  get isBusy(): boolean {
    return this.#busy
  }

  override commit(transaction: Transaction): Promise<void> | undefined {
    if (this.#busy) throw new TypeError('a commit while another is under way')
    this.commits.tried++
    const mood = this.moods.shift() ?? 'at once'
    if (mood === 'throws') throw refusal()
    if (mood === 'at once') {
      this.#apply(transaction)
      return undefined
    }
    this.#busy = true
    return this.#later(mood, transaction).finally(() => {
      this.#busy = false
    })
  }

  /** One turn for each element that was there at the beginning: what is gone meanwhile is visited too. */
  override async eachElement(set: SetName, visit: (key: Key, value: Value) => void): Promise<boolean> {
    const elements = this.content.sets.get(set)
    this.looks++
    for (const [key, value] of [...(elements ?? [])]) {
      visit(key, value)
      await nextTurn()
    }
    return elements !== undefined
  }

  /** Another process changes elements. */
  tamper(set: SetName, change: (elements: Map<Key, Value>) => void): void {
    const { sets, counters } = this.content
    const elements = new Map(sets.get(set))
    change(elements)
    void super.commit(update(diff({ sets, counters }, { sets: new Map([...sets, [set, elements]]), counters })))
  }

  /** As `nft flush ruleset` does. */
  flush(): void {
    void super.commit(cleanup(this.state()))
  }

  protected override inspect(): void {
    if (this.refuses(this.content)) throw refusal()
  }

  async #later(mood: Mood, transaction: Transaction): Promise<void> {
    if (mood !== 'rejects') await this.late()
    if (mood !== 'late') throw refusal()
    this.#apply(transaction)
  }

  #apply(transaction: Transaction): void {
    void super.commit(transaction)
    this.commits.done++
  }
}

function refusal(): VethguardError {
  return new VethguardError('NETLINK', 'the kernel does not like it')
}
