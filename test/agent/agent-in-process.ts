// The agent's loop without a process, a folder or veths: told what is so, over any back end.
import pino, { type Logger } from 'pino'
import { Agent } from '../../src/agent/agent.ts'
import type { ReportOptions } from '../../src/report/policy-reports.ts'
import type { Problem } from '../../src/cluster/change.ts'
import type { Change, Source, SourceSink } from '../../src/source.ts'
import type { Sleep } from '../../src/base/sleep.ts'
import { Compiler } from '../../src/compiler/compiler.ts'
import type { Backend } from '../../src/nftables/backend.ts'
import type { AgentObserver } from '../../src/agent/observer.ts'
import { until } from '../../lab/patience.ts'
import { NODES } from '../arbitrary/pool.ts'
import { canonical } from '../compiler/canonical.ts'

export const NODE = NODES[0]
const SILENT = pino({ level: 'silent' })

/** A source that says what a test tells it to. */
export class ToldSource implements Source {
  readonly #first: readonly Change[]
  #sink: SourceSink | undefined

  constructor(first: readonly Change[] = []) {
    this.#first = first
  }

  start(sink: SourceSink): Promise<void> {
    this.#sink = sink
    sink.changes(this.#first)
    return Promise.resolve()
  }

  say(...batch: readonly Change[]): void {
    this.#sink?.changes(batch)
  }

  /** @param arrivedAtMs when it came, by performance.now() */
  sayOf(arrivedAtMs: number, ...batch: readonly Change[]): void {
    this.#sink?.changes(batch, arrivedAtMs)
  }

  complain(object: string, problems: readonly Problem[]): void {
    this.#sink?.problems(object, problems)
  }

  close(): Promise<void> {
    this.#sink = undefined
    return Promise.resolve()
  }
}

interface InProcess extends ReportOptions {
  readonly log?: Logger
  readonly observer?: AgentObserver
  /** Called when the node's veths are to be looked at again. */
  readonly looked?: () => void
  readonly checkMs?: number
  readonly compareSeconds?: number
  readonly sleep?: Sleep
}

export function agentOf(source: Source, backend: Backend, options: InProcess = {}): Agent {
  const { log = SILENT, observer = {}, looked = () => undefined, checkMs = 1000, ...reports } = options
  const veths = () => ({ start: () => undefined, veths: () => [], tunnels: () => [], refresh: looked, close: () => Promise.resolve() })
  return new Agent({ nodeName: NODE, spoofGuard: true, tunnels: [], source, backend, veths, log, observer, checkMs, ...reports })
}

/** What the kernel must have after these changes, class and permission numbers left out. */
export function wanted(changes: readonly Change[], node: string = NODE): string[] {
  const compiler = new Compiler(node)
  compiler.apply(changes)
  return canonical(compiler.content)
}

/** The next turn of the event loop, and what it brings. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

/** Waits until the agent has looked after its tables some more times. */
export async function untilChecked({ view }: Agent, times = 3): Promise<void> {
  for (let time = 0; time < times; time++) {
    const { checkedAtMs } = view
    await until(() => view.checkedAtMs !== checkedAtMs)
  }
}
