// Loaded into the agent's process before it (node --import): what cannot be seen from outside, a line of JSON each second.
import { appendFileSync } from 'node:fs'
import { monitorEventLoopDelay, PerformanceObserver } from 'node:perf_hooks'
import process from 'node:process'

export interface Look {
  /** By performance.timeOrigin + performance.now(). */
  readonly atMs: number
  /** Longest time between two turns of the event loop since the last look; up to RESOLUTION_MS of it was waiting. */
  readonly heldMs: number
  /** Longest pause of the garbage collector. */
  readonly collectedMs: number
  readonly heapMB: number
  /** Buffers. */
  readonly externalMB: number
}

const RESOLUTION_MS = 2
const EVERY_MS = 1000
const MB = 1e6

const file = process.env['BENCH_PROBE']
if (file !== undefined) follow(file)

function follow(path: string): void {
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
  let collectedMs = 0
  const collections = new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) collectedMs = Math.max(collectedMs, duration)
  })
  collections.observe({ entryTypes: ['gc'] })
  delay.enable()
  setInterval(() => {
    const { heapUsed, external } = process.memoryUsage()
    const look: Look = {
      atMs: round(performance.timeOrigin + performance.now()),
      heldMs: round(delay.max / 1e6),
      collectedMs: round(collectedMs),
      heapMB: round(heapUsed / MB),
      externalMB: round(external / MB),
    }
    delay.reset()
    collectedMs = 0
    appendFileSync(path, `${JSON.stringify(look)}\n`)
  }, EVERY_MS).unref()
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}
