// Says in the log what cannot be done for now: at once, again while it lasts, and when it is over.
import type { Logger } from 'pino'

/** The same trouble is not told more often. */
const REPEAT_MS = 30_000
/** What was not reported for so long is another trouble when it is. */
const FORGET_MS = 2 * REPEAT_MS

interface Words {
  readonly level: 'warn' | 'error'
  /** Said when it is over. */
  readonly over: string
}

export class Trouble {
  readonly #log: Logger
  readonly #words: Words
  #message: string | undefined
  #since = 0
  #saidAt = 0

  constructor(log: Logger, words: Words) {
    this.#log = log
    this.#words = words
  }

  get message(): string | undefined {
    return this.#message
  }

  report(message: string, err: unknown): void {
    const now = performance.now()
    if (this.#message === undefined || now - this.#saidAt > FORGET_MS) this.#since = now
    if (this.#message === message && now - this.#saidAt < REPEAT_MS) return
    this.#message = message
    this.#saidAt = now
    this.#log[this.#words.level]({ err, lastsMs: Math.round(now - this.#since) }, message)
  }

  over(): void {
    if (this.#message === undefined) return
    this.#message = undefined
    this.#log.info({ lastedMs: Math.round(performance.now() - this.#since) }, this.#words.over)
  }
}
