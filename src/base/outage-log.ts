// Logs an outage: when it begins, now and then while it lasts, and when it ends.
import type { Logger } from 'pino'

/** How often the same message is logged, at most. */
const REPEAT_MS = 30_000
/** A failure after so much time without one begins a new outage. */
const NEW_OUTAGE_MS = 2 * REPEAT_MS

export interface OutageLogOptions {
  /** Of the lines about failures. */
  readonly level: 'warn' | 'error'
  /** The line at the end of an outage, logged at level info. */
  readonly endMessage: string
}

export class OutageLog {
  readonly #log: Logger
  readonly #options: OutageLogOptions
  #message: string | undefined
  #beganAtMs = 0
  #loggedAtMs = 0

  constructor(log: Logger, options: OutageLogOptions) {
    this.#log = log
    this.#options = options
  }

  /** What failed last; undefined if there is no outage. */
  get message(): string | undefined {
    return this.#message
  }

  /** Begins an outage, or continues it. */
  report(message: string, err: unknown): void {
    const nowMs = performance.now()
    const sinceMs = nowMs - this.#loggedAtMs
    if (this.#message === undefined || sinceMs > NEW_OUTAGE_MS) this.#beganAtMs = nowMs
    if (this.#message === message && sinceMs < REPEAT_MS) return
    this.#message = message
    this.#loggedAtMs = nowMs
    this.#log[this.#options.level]({ err, lastsMs: Math.round(nowMs - this.#beganAtMs) }, message)
  }

  /** Ends the outage, if there is one. */
  end(): void {
    if (this.#message === undefined) return
    this.#message = undefined
    this.#log.info({ lastedMs: Math.round(performance.now() - this.#beganAtMs) }, this.#options.endMessage)
  }
}
