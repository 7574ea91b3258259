// When to give up a request: the caller stops, nothing comes for too long, or it takes too long altogether.
import { VethguardError } from '../../base/errors.ts'

/** The server is connected, and says nothing. */
export class SilenceError extends VethguardError {
  constructor(message: string) {
    super('SOURCE_UNREADABLE', message)
  }
}

/** Plain listeners and timers: what AbortSignal.any and AbortSignal.timeout make may be collected as garbage before it fires. */
export class Deadline {
  readonly #controller = new AbortController()
  readonly #stopped: AbortSignal
  readonly #onStop: () => void
  readonly #total: NodeJS.Timeout
  #silence: NodeJS.Timeout | undefined

  constructor(stopped: AbortSignal, totalMs: number) {
    this.#stopped = stopped
    this.#onStop = () => this.#controller.abort(stopped.reason)
    this.#total = setTimeout(() => this.#giveUp('the server has not ended the watch in time'), totalMs)
    if (stopped.aborted) this.#onStop()
    else stopped.addEventListener('abort', this.#onStop)
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  /** Gives up if this is not called again in time. */
  expectWithin(ms: number): void {
    clearTimeout(this.#silence)
    this.#silence = setTimeout(() => this.#giveUp('nothing came for too long'), ms)
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#total)
    clearTimeout(this.#silence)
    this.#stopped.removeEventListener('abort', this.#onStop)
  }

  #giveUp(why: string): void {
    this.#controller.abort(new SilenceError(why))
  }
}
