// What an agent in a large cluster may cost, and whether it was so.

/** The part of the results that there are targets for. */
export interface ScaleResult {
  readonly start: { readonly readyMs: number; readonly heldMs: number; readonly peakRssMB: number; readonly steadyRssMB: number }
  readonly churn: {
    readonly heldMs: number
    readonly latencyMs: { readonly p50: number; readonly p99: number }
    readonly rssMB: { readonly first: number; readonly last: number }
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

export function targetsOf({ start, churn, localChurn, relist }: ScaleResult): Target[] {
  return [
    atMost('time to ready, ms', start.readyMs, 8000),
    atMost('peak RSS at the start, MB', start.peakRssMB, 350),
    atMost('peak RSS when all is read anew, MB', relist.peakRssMB, 350),
    atMost('steady RSS after the start, MB', start.steadyRssMB, 250),
    atMost('steady RSS under changes, MB', churn.rssMB.last, 250),
    atMost('growth under changes, MB', churn.rssMB.last - churn.rssMB.first, GROWTH_MB),
    atMost('event loop held at the start, ms', start.heldMs, 50),
    atMost('event loop held under changes, ms', churn.heldMs, 50),
    atMost('event loop held when all is read anew, ms', relist.heldMs, 50),
    atMost('programming latency p50, ms', churn.latencyMs.p50, 1),
    atMost('programming latency p99, ms', churn.latencyMs.p99, 10),
    atMost('event loop held, many changes of own pods, ms', localChurn.heldMs, 50),
    atMost('programming latency p50, many changes of own pods, ms', localChurn.latencyMs.p50, 1),
    atMost('programming latency p99, many changes of own pods, ms', localChurn.latencyMs.p99, 10),
  ]
}

function atMost(what: string, figure: number, limit: number): Target {
  return { what, target: `at most ${limit}`, figure, met: figure <= limit }
}
