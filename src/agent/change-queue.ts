// What came and is not in the kernel yet: changes that wait, and those on their way.
import type { Change } from '../source.ts'

/** What a commit brought. */
export interface Work {
  /** How many changes of the cluster. */
  readonly changes: number
  /** When the oldest of them came, by performance.now(); undefined: there is none. */
  readonly sinceMs: number | undefined
}

const NO_WORK: Work = { changes: 0, sinceMs: undefined }

export class ChangeQueue {
  #waiting: Change[] = []
  #waitingSinceMs: number | undefined
  /** What was taken, and is not in the kernel yet. */
  #taken = NO_WORK

  /** Something waits, were it only a change of veths, of which the queue has nothing but the time. */
  get hasWork(): boolean {
    return this.#waitingSinceMs !== undefined
  }

  /** When the oldest came of what is not in the kernel, by performance.now(); undefined: all is. */
  get sinceMs(): number | undefined {
    return this.#taken.sinceMs ?? this.#waitingSinceMs
  }

  push(batch: readonly Change[], arrivedAtMs: number): void {
    for (const change of batch) this.#waiting.push(change) // a batch may hold more than a call takes arguments
    this.#waitingSinceMs ??= arrivedAtMs
  }

  /** All that waits is on its way from now on. */
  take(): readonly Change[] {
    const changes = this.#waiting
    this.#taken = { changes: this.#taken.changes + changes.length, sinceMs: this.sinceMs }
    this.#waiting = []
    this.#waitingSinceMs = undefined
    return changes
  }

  /** All that was taken is in the kernel. @returns what that was */
  done(): Work {
    const work = this.#taken
    this.#taken = NO_WORK
    return work
  }
}
