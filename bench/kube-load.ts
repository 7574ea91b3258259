// How long a cluster takes to be read, and what it costs: `node bench/kube-load.ts [PODS]`. The server is a child process.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import process from 'node:process'
import pino from 'pino'
import type { Change } from '../src/source.ts'
import { KubeSource } from '../src/kube/source.ts'

const pods = process.argv[2] ?? '150000'
const child = fork(new URL('fake-pods.ts', import.meta.url), [pods])
try {
  const [port] = (await once(child, 'message')) as [number]
  const access = { server: `http://127.0.0.1:${port}`, headers: {}, tls: {}, proxyUrl: undefined }
  const credentials = { access: () => Promise.resolve(access), forget: () => undefined }
  const source = new KubeSource({ credentials: () => Promise.resolve(credentials), log: pino({ level: 'warn' }) })
  const before = process.cpuUsage()
  const delay = monitorEventLoopDelay({ resolution: 5 })
  delay.enable()
  const startedAt = performance.now()
  let known: readonly Change[] = []
  await source.start({ changes: (batch) => (known = batch), problems: (_, [problem]) => console.error(problem) })
  const { user, system } = process.cpuUsage(before)
  console.log(`${known.length} objects in ${seconds((performance.now() - startedAt) * 1000)}, CPU ${seconds(user + system)}`)
  console.log(`peak RSS ${memory('VmHWM')}, event loop held for at most ${(delay.max / 1e6).toFixed(0)} ms`)
  globalThis.gc?.()
  console.log(`RSS then ${memory('VmRSS')}, heap ${(process.memoryUsage().heapUsed / 1e6).toFixed(0)} MB${globalThis.gc ? '' : ' (run with --expose-gc)'}`)
  known = []
  await source.close()
} finally {
  child.kill()
}

function seconds(microseconds: number): string {
  return `${(microseconds / 1e6).toFixed(2)} s`
}

function memory(field: string): string {
  const [, kilobytes] = new RegExp(`${field}:\\s+(\\d+)`).exec(readFileSync('/proc/self/status', 'utf8')) ?? []
  return `${(Number(kilobytes) / 1000).toFixed(0)} MB`
}
