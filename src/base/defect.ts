// A defect of the program is not to pass for trouble of whoever happens to call: it would be tried again, with what is known half
// taken in.

/** Throws it where nobody catches, which ends the process. */
export function throwUncaught(error: unknown): void {
  setImmediate(() => {
    throw error
  })
}
