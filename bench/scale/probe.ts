// Loaded into the agent's process before it (node --import): what cannot be seen from outside, a line of JSON each second.
import { appendFileSync } from 'node:fs'
import { monitorEventLoopDelay, PerformanceObserver } from 'node:perf_hooks'
import process from 'node:process'

export interface Look {
  /** Longest time between two turns of the event loop since the last look; RESOLUTION_MS of it may have been waiting. */
  readonly heldMs: number
  /** The same in CPU time of the main thread: what it would be if nobody else were on the machine. */
  readonly heldCpuMs: number
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
  delay.enable()
  let [heldCpuMs, collectedMs, cpuMs] = [0, 0, Infinity] // the first turn is the one that loads the program
  setInterval(() => {
    const now = threadCpuMs()
    heldCpuMs = Math.max(heldCpuMs, now - cpuMs)
    cpuMs = now
  }, RESOLUTION_MS).unref()
  const collections = new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) collectedMs = Math.max(collectedMs, duration)
  })
  collections.observe({ entryTypes: ['gc'] })
  setInterval(() => {
    const { heapUsed, external } = process.memoryUsage()
    const heldMs = delay.max / 1e6
    const figures = { heldMs, heldCpuMs, collectedMs, heapMB: heapUsed / MB, externalMB: external / MB } satisfies Look
    appendFileSync(path, `${JSON.stringify(figures, (_, value: unknown) => (typeof value === 'number' ? Math.round(value * 10) / 10 : value))}\n`)
    delay.reset()
    ;[heldCpuMs, collectedMs] = [0, 0]
  }, EVERY_MS).unref()
}

function threadCpuMs(): number {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1000
}
