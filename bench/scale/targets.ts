// What an agent in a large cluster may cost, and whether it was so.

/** The part of the results that there are targets for. */
export interface ScaleResult {
  readonly start: { readonly readyMs: number; readonly heldMs: number; readonly peakRssMB: number; readonly steadyRssMB: number }
  readonly churn: {
    readonly heldMs: number
    readonly latencyMs: { readonly p50: number; readonly p99: number }
    readonly rssMB: { readonly last: number }
    readonly eachMinuteMB: { readonly rss: readonly number[] }
  }
  readonly localChurn: { readonly heldMs: number; readonly latencyMs: { readonly p50: number; readonly p99: number } }
  readonly relist: { readonly heldMs: number; readonly peakRssMB: number }
}

export interface Target {
  readonly what: string
  readonly target: string
  readonly figure: number
  readonly met: boolean
}

/** Growth of less than this is what the collector leaves lying about for a while. */
const GROWTH_MB = 10
/** In the first minutes what was packed after the start fills again; growth is what goes on after them. */
const FILLING_MINUTES = 4

export function targetsOf({ start, churn, localChurn, relist }: ScaleResult): Target[] {
  return [
    atMost('time to ready, ms', start.readyMs, 8000),
    atMost('peak RSS at the start, MB', start.peakRssMB, 350),
    atMost('peak RSS when all is reread, MB', relist.peakRssMB, 350),
    atMost('steady RSS after the start, MB', start.steadyRssMB, 250),
    atMost('steady RSS under changes, MB', churn.rssMB.last, 250),
    ...growth(churn.eachMinuteMB.rss),
    atMost('event loop held at the start, ms', start.heldMs, 50),
    atMost('event loop held under changes, ms', churn.heldMs, 50),
    atMost('event loop held when all is reread, ms', relist.heldMs, 50),
    atMost('programming latency p50, ms', churn.latencyMs.p50, 1),
    atMost('programming latency p99, ms', churn.latencyMs.p99, 10),
    atMost('event loop held, many changes of own pods, ms', localChurn.heldMs, 50),
    atMost('programming latency p50, many changes of own pods, ms', localChurn.latencyMs.p50, 1),
    atMost('programming latency p99, many changes of own pods, ms', localChurn.latencyMs.p99, 10),
  ]
}

/** @param rssMB for each minute; of a short run nothing can be said */
function growth(rssMB: readonly number[]): Target[] {
  const [first, last] = [rssMB[FILLING_MINUTES], rssMB.at(-1)]
  return first === undefined || last === undefined ? [] : [atMost('growth from the fifth minute on, MB', last - first, GROWTH_MB)]
}

function atMost(what: string, figure: number, limit: number): Target {
  return { what, target: `at most ${limit}`, figure, met: figure <= limit }
}
