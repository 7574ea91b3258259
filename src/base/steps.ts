// Long work without holding the event loop: it is done in steps, with pauses in between for others.
import { setImmediate as nextTurn } from 'node:timers/promises'

/** Work that yields wherever it may be interrupted; a step should take less than a millisecond. */
export type Steps<R> = Generator<undefined, R>

/** How work shares the event loop. */
export interface Pace {
  /** Longest time without a pause. Several workers may be active, and garbage collection comes on top. */
  readonly turnMs: number
  /** Lets others work. If it rejects, the work ends with that error. */
  readonly pause: () => Promise<unknown>
}

const PACE: Pace = { turnMs: 5, pause: () => nextTurn() }

/** One worker's share of the event loop. Its first turn begins at once, so that short work is done without a pause. */
export class Turn {
  readonly #pace: Pace
  #beganAtMs = performance.now()
  #earlierMs = 0

  constructor(pace: Partial<Pace> = {}) {
    this.#pace = { ...PACE, ...pace }
  }

  /** Time worked so far, without pauses. */
  get workedMs(): number {
    return this.#earlierMs + this.#turnMs
  }

  /** @returns what to await before the next step; undefined if there is time left */
  pause(): Promise<void> | undefined {
    return this.#turnMs < this.#pace.turnMs ? undefined : this.#pauseNow()
  }

  get #turnMs(): number {
    return performance.now() - this.#beganAtMs
  }

  async #pauseNow(): Promise<void> {
    this.#earlierMs = this.workedMs
    await this.#pace.pause()
    this.#beganAtMs = performance.now()
  }
}

/** Does all steps, with pauses. What the steps work on must not change in the pauses, unless they allow for that. */
export async function inTurns<R>(steps: Steps<R>, turn = new Turn()): Promise<R> {
  for (;;) {
    const step = steps.next()
    if (step.done === true) return step.value
    const pause = turn.pause()
    if (pause !== undefined) await pause
  }
}

/** Does all steps without a pause. */
export function atOnce<R>(steps: Steps<R>): R {
  for (;;) {
    const step = steps.next()
    if (step.done === true) return step.value
  }
}
