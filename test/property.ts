// Runs a property: 300 cases, or PROPERTY_RUNS; SEED repeats a run (scripts/test.sh prints it).
import fc from 'fast-check'

export const RUNS = Number(process.env['PROPERTY_RUNS'] ?? 300)
export const SEED = Number(process.env['SEED'] ?? Date.now() ^ (Math.random() * 0x100000000)) | 0

/** @param share of the runs, for what is slow */
export function property<T>(arbitrary: fc.Arbitrary<T>, holds: (value: T) => void, share = 1): void {
  fc.assert(fc.property(arbitrary, holds), { numRuns: Math.max(1, Math.round(RUNS * share)), seed: SEED })
}

/** @param examples tried in any case, before others */
export async function asyncProperty<T>(
  arbitrary: fc.Arbitrary<T>,
  holds: (value: T) => Promise<void>,
  share = 1,
  examples: readonly T[] = [],
): Promise<void> {
  const numRuns = Math.max(1, Math.round(RUNS * share)) + examples.length
  await fc.assert(fc.asyncProperty(arbitrary, holds), { numRuns, seed: SEED, examples: examples.map((each) => [each]) })
}
