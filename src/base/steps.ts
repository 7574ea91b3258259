// Long work without holding the event loop: it is done in steps, and others have their turn in between.
import { setImmediate as nextTurn } from 'node:timers/promises'

/** Work that yields wherever it may be interrupted; a step should take less than a millisecond. */
export type Steps<R> = Generator<undefined, R>

/** How long one worker goes on before others have a turn. Several may be at work, and a collection of garbage comes on top. */
const TURN_MS = 5

/** One worker's share of the event loop. */
export class Turn {
  #endsAt = 0

  /** To be awaited before going on; undefined: there is time left. */
  pause(): Promise<void> | undefined {
    return performance.now() < this.#endsAt ? undefined : this.#next()
  }

  async #next(): Promise<void> {
    await nextTurn()
    this.#endsAt = performance.now() + TURN_MS
  }
}

/** To the end, while others have their turns. What the steps work on must stay as it is meanwhile. */
export async function inTurns<R>(steps: Steps<R>): Promise<R> {
  const turn = new Turn()
  for (;;) {
    const step = steps.next()
    if (step.done === true) return step.value
    const pause = turn.pause()
    if (pause !== undefined) await pause
  }
}

/** To the end, without a pause. */
export function atOnce<R>(steps: Steps<R>): R {
  for (;;) {
    const step = steps.next()
    if (step.done === true) return step.value
  }
}
