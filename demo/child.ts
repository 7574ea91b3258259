// A program that runs beside the demo: started, waited for, stopped by its pid.
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

const POLL_MS = 5
const STOP_MS = 3000

export class Child {
  readonly #process: ChildProcess
  readonly #log: string

  /** @param log file that gets all of its output; so the program can outlive the demo */
  constructor(argv: readonly string[], log: string) {
    const [program = '', ...args] = argv
    const output = openSync(log, 'w')
    // In a process group of its own, so that Ctrl-C reaches the demo only, which then stops everything in order.
    this.#process = spawn(program, args, { stdio: ['ignore', output, output], detached: true })
    this.#process.unref()
    this.#process.on('error', () => undefined) // until() tells
    closeSync(output)
    this.#log = log
  }

  /** undefined: it could not be started. */
  get pid(): number | undefined {
    return this.#process.pid
  }

  /** Resolves when its output has this text. @throws Error with the output if it ends without, or does not in time */
  async until(text: string, timeoutMs: number): Promise<void> {
    const deadline = performance.now() + timeoutMs
    while (!this.#output().includes(text)) {
      const over = this.#hasEnded() || performance.now() > deadline
      if (over) throw new Error(`${this.#process.spawnargs.join(' ')}: did not get to "${text}":\n${this.#output()}`)
      await sleep(POLL_MS)
    }
  }

  /** Asks it to end, and makes it after a while. */
  async stop(): Promise<void> {
    if (this.#hasEnded()) return
    const ended = once(this.#process, 'exit')
    this.#process.ref()
    this.#process.kill('SIGTERM')
    const patience = setTimeout(() => this.kill(), STOP_MS)
    await ended
    clearTimeout(patience)
  }

  /** Ends it at once. */
  kill(): void {
    this.#process.kill('SIGKILL')
  }

  #hasEnded(): boolean {
    return this.pid === undefined || this.#process.exitCode !== null || this.#process.signalCode !== null
  }

  #output(): string {
    return readFileSync(this.#log, 'utf8')
  }
}
