// A program that runs beside a test, in a network namespace. The kernel kills it when the test's process is gone, however it ended.
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { inNamespace } from '../../../lab/namespace.ts'

export interface DaemonOptions {
  readonly argv: readonly string[]
  readonly namespace: string
  /** Takes both outputs; a restart appends. */
  readonly logFile: string
  readonly environment?: NodeJS.ProcessEnv
}

const LOG_LINES_SHOWN = 20

export class Daemon {
  private readonly options: DaemonOptions
  private child: ChildProcess | undefined

  /** Starts the program. */
  constructor(options: DaemonOptions) {
    this.options = options
    this.start()
  }

  get pid(): number | undefined {
    return this.child?.pid
  }

  get isRunning(): boolean {
    return this.child?.exitCode === null && this.child.signalCode === null
  }

  /** Starts the program once more after `kill`. */
  start(): void {
    const { argv, namespace, logFile, environment = {} } = this.options
    if (this.isRunning) throw new Error(`${argv[0]} is still running`)
    const log = openSync(logFile, 'a')
    try {
      this.child = inNamespace(namespace, () => spawn('setpriv', ['--pdeathsig', 'KILL', ...argv], {
        stdio: ['ignore', log, log],
        env: { ...process.env, ...environment },
      }))
    } finally {
      closeSync(log)
    }
  }

  /** All that it has said, restarts included. */
  get log(): string {
    return readFileSync(this.options.logFile, 'utf8')
  }

  /** Ends the program and waits until it is gone. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    if (this.child === undefined || !this.isRunning) return
    const gone = once(this.child, 'exit')
    this.child.kill(signal)
    await gone
  }

  /** @throws Error with the end of its log, when the program has ended */
  assertRunning(): void {
    if (!this.isRunning) throw new Error(`${this.options.argv[0]} has ended: ${this.logTail()}`)
  }

  logTail(): string {
    return this.log.trimEnd().split('\n').slice(-LOG_LINES_SHOWN).join('\n')
  }
}
