// Brings the kernel what the compiler wants: small deltas as they come, everything anew at the start and after a failure.
import type { Logger } from 'pino'
import type { Backend } from '../nftables/backend.ts'
import type { Content, Delta } from '../nftables/content.ts'
import { replace, type Transaction, update } from '../nftables/transaction.ts'
import { render } from '../nftables/render.ts'

const FIRST_RETRY_MS = 100
const LONGEST_RETRY_MS = 10_000

export class Committer {
  readonly #backend: Backend
  readonly #wanted: () => Content
  readonly #log: Logger
  #stopped = new AbortController()
  #replacements = 0

  /** @param wanted what the kernel should have, at the moment of the call */
  constructor(backend: Backend, wanted: () => Content, log: Logger) {
    this.#backend = backend
    this.#wanted = wanted
    this.#log = log
  }

  /** How often the tables were made anew. */
  get replacements(): number {
    return this.#replacements
  }

  /** Both tables anew in one transaction; counters go on from where they are. @throws NetlinkError, VethguardError */
  async replaceAll(): Promise<void> {
    const counters = await this.#backend.readCounters()
    const transaction = replace(this.#wanted(), counters, this.#backend.state())
    this.#trace(transaction)
    await this.#backend.commit(transaction)
    this.#replacements++
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

  stop(): void {
    this.#stopped.abort()
  }

  async #recover(cause: unknown): Promise<void> {
    this.#log.error({ err: cause }, 'the kernel refused a change; replacing the whole table')
    for (let delayMs = FIRST_RETRY_MS; !this.#stopped.signal.aborted; delayMs = Math.min(delayMs * 2, LONGEST_RETRY_MS)) {
      try {
        await this.replaceAll()
        return
      } catch (err) {
        this.#log.error({ err, retryMs: delayMs }, 'the table could not be replaced; the rules in the kernel stay as they are')
        await sleep(delayMs, this.#stopped.signal)
      }
    }
  }

  #trace(transaction: Transaction): void {
    if (this.#log.isLevelEnabled('trace')) this.#log.trace({ nft: render(transaction) }, 'transaction')
  }
}

function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms)
    signal.addEventListener('abort', () => {
      clearTimeout(timer)
      resolve()
    })
  })
}
