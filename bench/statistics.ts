// Percentiles of measured times.

export interface Summary {
  readonly n: number
  readonly p50: number
  readonly p99: number
  readonly max: number
}

/** @param round decimal places */
export function summarize(values: readonly number[], round = 3): Summary {
  const sorted = [...values].sort((a, b) => a - b)
  const at = (share: number) => Number((sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN).toFixed(round))
  return { n: sorted.length, p50: at(0.5), p99: at(0.99), max: at(1) }
}

export function median(values: readonly number[]): number {
  return summarize(values, 6).p50
}
