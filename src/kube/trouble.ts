// Says in the log what keeps a resource from being read: at once, again while it lasts, and when it is over.
import type { Logger } from 'pino'

/** The same trouble is not told more often. */
const REPEAT_MS = 30_000

export class Trouble {
  readonly #log: Logger
  #message: string | undefined
  #since = 0
  #saidAt = 0

  constructor(log: Logger) {
    this.#log = log
  }

  get message(): string | undefined {
    return this.#message
  }

  report(message: string, err: unknown): void {
    const now = performance.now()
    if (this.#message === undefined) this.#since = now
    if (this.#message === message && now - this.#saidAt < REPEAT_MS) return
    this.#message = message
    this.#saidAt = now
    this.#log.warn({ err, lastsMs: Math.round(now - this.#since) }, message)
  }

  over(): void {
    if (this.#message === undefined) return
    this.#message = undefined
    this.#log.info({ lastedMs: Math.round(performance.now() - this.#since) }, 'reads the API server again')
  }
}
