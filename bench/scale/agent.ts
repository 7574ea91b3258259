// The agent as a process in a lab node, with a service account as in its pod, and what can be seen of it from outside.
import { spawn, type ChildProcess } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import process from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import { inNamespace } from '../../lab/namespace.ts'
import type { Look } from './probe.ts'

/** A line of its log: of every commit and of its start we use the figures. */
interface Line {
  readonly time: number
  readonly msg: string
  readonly durationMs?: number
  readonly changes?: number
  readonly elements?: number
}

export interface ScaleAgentOptions {
  readonly program: string
  readonly probe: string
  readonly namespace: string
  readonly nodeName: string
  readonly port: number
  readonly certificate: string
  /** For its files. */
  readonly folder: string
}

/** A tmpfs of its own in the place where the kubelet mounts the token; then nothing but CAP_NET_ADMIN, as in its pod. */
const AS_IN_POD = `mount -t tmpfs tmpfs /run && account=/run/secrets/kubernetes.io/serviceaccount && mkdir -p $account
  && echo token >$account/token && cp "$CERTIFICATE" $account/ca.crt && exec setpriv --bounding-set -all,+net_admin --pdeathsig KILL "$@"`

const PATIENCE_MS = 120_000
/** Of /proc/PID/stat: USER_HZ. */
const TICKS_PER_SECOND = 100

export class ScaleAgent {
  readonly startedAtMs = Date.now()
  /** All that it has said. */
  readonly lines: Line[] = []
  readonly #child: ChildProcess
  readonly #looks: string

  constructor({ program, probe, namespace, nodeName, port, certificate, folder }: ScaleAgentOptions) {
    this.#looks = join(folder, 'looks')
    writeFileSync(this.#looks, '')
    const certificateFile = join(folder, 'given-ca.crt')
    writeFileSync(certificateFile, certificate)
    const env = {
      PATH: process.env['PATH'],
      CERTIFICATE: certificateFile,
      BENCH_PROBE: this.#looks,
      NODE_OPTIONS: `--import=${probe}`,
      NODE_NAME: nodeName,
      KUBERNETES_SERVICE_HOST: '127.0.0.1',
      KUBERNETES_SERVICE_PORT: String(port),
    }
    const argv = ['-m', 'sh', '-ec', AS_IN_POD.replaceAll('\n', ' '), 'sh', program, 'agent', '--log-level', 'debug']
    const child = inNamespace(namespace, () => spawn('unshare', argv, { stdio: ['ignore', 'pipe', 'inherit'], env }))
    this.#child = child
    createInterface({ input: child.stdout }).on('line', (text) => this.lines.push(JSON.parse(text) as Line))
  }

  /** Until it has said this. @returns that line @throws if it has ended */
  async heard(text: string, since = 0): Promise<Line> {
    for (const end = Date.now() + PATIENCE_MS; Date.now() < end && this.#child.exitCode === null; ) {
      const line = this.lines.slice(since).find(({ msg }) => msg === text)
      if (line !== undefined) return line
      await sleep(10)
    }
    throw new Error(`the agent did not say "${text}", but ${this.lines.slice(-5).map((line) => JSON.stringify(line)).join('\n')}`)
  }

  /** What the probe saw, in the order of time. */
  looks(): Look[] {
    return readFileSync(this.#looks, 'utf8').trimEnd().split('\n').map((line) => JSON.parse(line) as Look)
  }

  /** Memory in MB: `VmRSS` now, `VmHWM` at most. */
  memoryMB(field: 'VmRSS' | 'VmHWM'): number {
    const [, kilobytes] = new RegExp(`${field}:\\s+(\\d+)`).exec(readFileSync(`/proc/${this.#child.pid}/status`, 'utf8')) ?? []
    return Math.round(Number(kilobytes) / 1000)
  }

  /** Forgets what VmHWM was (proc(5), clear_refs). */
  forgetPeak(): void {
    writeFileSync(`/proc/${this.#child.pid}/clear_refs`, '5')
  }

  /** CPU time of all its threads so far, in ms. */
  cpuMs(): number {
    const fields = readFileSync(`/proc/${this.#child.pid}/stat`, 'utf8').split(') ')[1]!.split(' ')
    return ((Number(fields[11]) + Number(fields[12])) * 1000) / TICKS_PER_SECOND
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#child.once('close', resolve))
    if (this.#child.exitCode === null) this.#child.kill('SIGKILL')
    await closed
  }
}
