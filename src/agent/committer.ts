// Brings the kernel what the compiler wants: small deltas as they come, everything anew at the start, after a failure, and when
// somebody else has taken the tables away.
import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { Backend, BackendState } from '../nftables/backend.ts'
import type { Content, Delta } from '../nftables/content.ts'
import { replace, type Transaction, update } from '../nftables/transaction.ts'
import { render } from '../nftables/render.ts'

const FIRST_RETRY_MS = 100
const LONGEST_RETRY_MS = 10_000

export interface CommitterOptions {
  readonly backend: Backend
  /** What the kernel should have, at the moment of the call. */
  readonly wanted: () => Content
  /** Whether source addresses are guarded. */
  readonly guard: boolean
  readonly log: Logger
}

export class Committer {
  readonly #backend: Backend
  readonly #wanted: () => Content
  readonly #guard: boolean
  readonly #log: Logger
  readonly #stopped = new AbortController()
  /** Ends the wait between two tries to make the tables anew. */
  #retry: AbortController | undefined
  /** What the kernel calls the tables that were made last. */
  #handles = ''

  constructor({ backend, wanted, guard, log }: CommitterOptions) {
    this.#backend = backend
    this.#wanted = wanted
    this.#guard = guard
    this.#log = log
  }

  /** Both tables anew in one transaction; counters go on from where they are. @throws NetlinkError, VethguardError */
  async replaceAll(): Promise<void> {
    const counters = await this.#backend.readCounters()
    const transaction = replace(this.#wanted(), counters, { ...this.#backend.state(), guard: this.#guard })
    this.#trace(transaction)
    await this.#backend.commit(transaction)
    this.#handles = handlesOf(this.#backend.state())
  }

  /**
   * Applies a delta; if the kernel refuses it, everything is made anew until that succeeds. Nothing else may be committed
   * before the promise is settled. Never rejects.
   * @returns undefined when the kernel has confirmed already
   */
  commit(delta: Delta): Promise<void> | undefined {
    const transaction = update(delta)
    this.#trace(transaction)
    try {
      return this.#backend.commit(transaction)?.catch((error: unknown) => this.#recover(error))
    } catch (error) {
      return this.#recover(error)
    }
  }

  /**
   * Looks whether the tables are still those that were made last: only owned ones (kernel 6.9) are safe from others.
   * @returns undefined if so, else as commit()
   */
  repair(): Promise<void> | undefined {
    try {
      if (handlesOf(this.#backend.state()) === this.#handles) return undefined
      this.#log.error('somebody else removed or replaced the tables; making them anew')
      return this.#replaceUntilDone()
    } catch (err) {
      this.#log.error({ err }, 'the kernel does not tell whether the tables are still there')
      return undefined
    }
  }

  /** What is wanted changed: if the kernel refused it, it may take it now. */
  retrySoon(): void {
    this.#retry?.abort()
  }

  stop(): void {
    this.#stopped.abort()
    this.retrySoon()
  }

  #recover(err: unknown): Promise<void> {
    this.#log.error({ err }, 'the kernel refused a change; making the tables anew')
    return this.#replaceUntilDone()
  }

  async #replaceUntilDone(): Promise<void> {
    const { signal } = this.#stopped
    for (let retryMs = FIRST_RETRY_MS; !signal.aborted; retryMs = Math.min(retryMs * 2, LONGEST_RETRY_MS)) {
      try {
        await this.replaceAll()
        this.#log.info('the tables were made anew')
        return
      } catch (err) {
        this.#log.error({ err, retryMs }, 'the tables could not be made anew; what is in the kernel stays as it is')
        this.#retry = new AbortController()
        await sleep(FIRST_RETRY_MS, undefined, { signal }).catch(() => undefined)
        await sleep(retryMs - FIRST_RETRY_MS, undefined, { signal: this.#retry.signal }).catch(() => undefined)
      }
    }
  }

  #trace(transaction: Transaction): void {
    if (this.#log.isLevelEnabled('trace')) this.#log.trace({ nft: render(transaction) }, 'transaction')
  }
}

function handlesOf({ tables }: BackendState): string {
  return [...tables].map(([family, { handle }]) => `${family} ${handle}`).join(', ')
}
