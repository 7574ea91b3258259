// One thing at a time is done to the kernel; what comes meanwhile waits for its end.
//
//   starting ──begin──▶ idle ◀──────▶ busy
//        └─────────────── stop ──────────┴──▶ stopped
import { throwUncaught } from '../base/defect.ts'
import { sleep } from '../base/sleep.ts'

export class OneAtATime {
  readonly #onIdle: () => void
  #state: 'starting' | 'idle' | 'busy' | 'stopped' = 'starting'
  #busySinceMs: number | undefined
  /** The end of what is being done. Never rejects. */
  #ended: Promise<void> = Promise.resolve()

  /** @param onIdle called when something has ended that took its time */
  constructor(onIdle: () => void) {
    this.#onIdle = onIdle
  }

  isIdle(): boolean {
    return this.#state === 'idle'
  }

  isStopped(): boolean {
    return this.#state === 'stopped'
  }

  /** Since when nothing has come out of what is being done, by performance.now(); undefined: nothing is being done. */
  get busySinceMs(): number | undefined {
    return this.#busySinceMs
  }

  /** The first of all. Nothing else is done before its end, and nothing ever if it rejects, as this then does. */
  async begin(first: Promise<void>): Promise<void> {
    this.#busySinceMs = performance.now()
    this.#ended = first.catch(() => undefined) // the caller hears of it
    await first
    this.#busySinceMs = undefined
    if (this.#state === 'starting') this.#state = 'idle'
  }

  /**
   * Everything else waits until this is done.
   * @param work undefined: it is done already. Must not reject: that would be a defect, and ends the process
   */
  waitFor(work: Promise<void> | undefined): void {
    if (work === undefined || this.isStopped()) return
    this.#state = 'busy'
    this.#busySinceMs = performance.now()
    this.#ended = work.then(() => this.#end()).catch((error: unknown) => this.#fail(error))
  }

  /** What is being done goes on, if only in that it failed and is tried again. */
  goesOn(): void {
    if (this.#busySinceMs !== undefined) this.#busySinceMs = performance.now()
  }

  /** Does it while nothing else is being done; not at all if all was stopped. */
  async whenIdle(act: () => void): Promise<void> {
    while (this.#state === 'busy') await this.#ended
    if (this.#state === 'idle') act()
  }

  /** Nothing else is done from now on. */
  stop(): void {
    this.#state = 'stopped'
  }

  /** Resolves when what is being done has ended, but after this time in any case. */
  async ended(timeoutMs: number): Promise<void> {
    const raced = new AbortController()
    await Promise.race([this.#ended, sleep(timeoutMs, raced.signal)])
    raced.abort()
  }

  #end(): void {
    this.#busySinceMs = undefined
    if (this.#state === 'busy') this.#state = 'idle'
    this.#onIdle()
  }

  #fail(error: unknown): void {
    this.stop()
    throwUncaught(error)
  }
}
