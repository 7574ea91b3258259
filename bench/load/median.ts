// Times many small batches and takes the median: where other processes want the CPU too, they hit some batches and not the rest.

/**
 * @param act does one batch
 * @returns nanoseconds that the median batch took
 */
export function medianNs(batches: number, act: () => void): number {
  const times = new Float64Array(batches)
  let before = process.hrtime.bigint()
  for (let batch = 0; batch < batches; batch++) {
    act()
    const now = process.hrtime.bigint()
    times[batch] = Number(now - before)
    before = now
  }
  return times.sort()[batches >> 1] ?? 0
}
