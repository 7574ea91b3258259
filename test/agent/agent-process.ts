// The real agent as users run it: bin/vethguard in a node's network namespace, with its log lines as values. The kernel kills it
// when the test's process is gone, however that ended.
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { ENVIRONMENT, VETHGUARD } from '../cli/run.ts'
import { inNamespace } from '../../lab/namespace.ts'
import { PATIENCE_MS, until } from '../../lab/patience.ts'

const WARN = 40
const LINES_SHOWN = 10

/** As in its pod: user 0 with nothing but CAP_NET_ADMIN. */
const RIGHTS = ['--bounding-set', '-all,+net_admin']

/** A line of pino's. */
export interface LogLine {
  readonly level: number
  readonly msg: string
  readonly object?: string
  readonly field?: string
}

export interface Exit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

type ExitEvent = [code: number | null, signal: NodeJS.Signals | null]

export interface AgentProcessOptions {
  readonly namespace: string
  /** Folder of manifests; none: it asks an API server. */
  readonly source?: string
  /** More arguments. */
  readonly args?: readonly string[]
  /** More environment. */
  readonly env?: Readonly<Record<string, string>>
}

export class AgentProcess {
  readonly logs: LogLine[] = []
  readonly closed: Promise<Exit>
  readonly #child: ChildProcess
  #stderr = ''
  /** It has ended, and all it said was heard. */
  #isClosed = false

  constructor({ namespace, source, args = [], env = {} }: AgentProcessOptions) {
    const from = source === undefined ? [] : ['--source', source]
    const argv = [...RIGHTS, '--pdeathsig', 'KILL', VETHGUARD, 'agent', ...from, '--node-name', 'node0', ...args]
    const child = inNamespace(namespace, () => spawn('setpriv', argv, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...ENVIRONMENT, ...env } }))
    this.#child = child
    this.closed = once(child, 'close').then((result) => {
      this.#isClosed = true
      return exitOf(result as ExitEvent)
    })
    createInterface({ input: child.stdout }).on('line', (line) => this.logs.push(JSON.parse(line) as LogLine))
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text
    })
  }

  /** Starts it, and waits until it enforces. */
  static async start(options: AgentProcessOptions): Promise<AgentProcess> {
    const agent = new AgentProcess(options)
    await agent.heard('enforcing')
    return agent
  }

  get stderr(): string {
    return this.#stderr
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null
  }

  /** Texts of warnings and errors. */
  complaints(): string[] {
    return this.logs.filter(({ level }) => level >= WARN).map(({ msg }) => msg)
  }

  /** Waits for a line with this text, after the first `since` lines. @throws Error if the agent ends without it */
  async heard(text: string | RegExp, since = 0): Promise<LogLine> {
    const what = (): string => `the agent to say ${String(text)}; it said ${this.#end()}`
    return until(() => {
      const line = this.logs.slice(since).find(({ msg }) => (typeof text === 'string' ? msg === text : text.test(msg)))
      if (line === undefined && this.#isClosed) throw new Error(`ended: ${what()}`)
      return line
    }, what)
  }

  /** Signals it, and waits until it is gone; by SIGKILL if need be. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<Exit> {
    if (this.isRunning) this.#child.kill(signal)
    const lastResort = setTimeout(() => this.#child.kill('SIGKILL'), PATIENCE_MS)
    const exit = await this.closed
    clearTimeout(lastResort)
    return exit
  }

  /** Its last lines. */
  #end(): string {
    return [...this.logs.slice(-LINES_SHOWN).map((line) => JSON.stringify(line)), this.#stderr].join('\n')
  }
}

function exitOf([code, signal]: ExitEvent): Exit {
  return { code, signal }
}
