// Errors that would end the process, caught where nobody else does: what runs by setImmediate.
import { jest } from '@jest/globals'

/** @returns where they gather, until jest.restoreAllMocks() */
export function gatherUncaught(): unknown[] {
  const errors: unknown[] = []
  const real = globalThis.setImmediate
  const gathering = (act: (...args: unknown[]) => void, ...args: unknown[]): NodeJS.Immediate => real(() => {
    try {
      act(...args)
    } catch (error) {
      errors.push(error)
    }
  })
  jest.spyOn(globalThis, 'setImmediate').mockImplementation(gathering as typeof setImmediate)
  return errors
}
