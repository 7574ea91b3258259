// `vethguard agent`: starts what its settings ask for, and runs until a signal comes.
//
// It ends by itself only for what a restart can mend: when it cannot start (rights, the source, tables of another agent).
// From then on whatever fails is said, counted and tried again: the API server, links, counters, transactions. Only a defect of the
// program ends it then, for what it knows may be wrong: the rules stay, and the next start begins from nothing.
import process from 'node:process'
import pino, { type Logger } from 'pino'
import { formatListenAddress } from '../config/listen-address.ts'
import type { Config } from '../config/options.ts'
import { VethguardError } from '../base/errors.ts'
import { asDryRun, type Health, liveness, readiness } from '../observe/health.ts'
import { HealthServer } from '../observe/server.ts'
import { type AgentParts, agentParts } from './agent-parts.ts'
import { giveBackProgram, packHeap } from './memory.ts'
import { version } from './version.ts'

export async function runAgent(config: Config): Promise<void> {
  refuseContradictions(config)
  const { logLevel, nodeName: node, dryRun } = config
  const log = pino({ level: logLevel, base: { node, ...(dryRun ? { dryRun } : {}) }, errorKey: 'err' }) // each line of a dry run says so
  const tell = (err: unknown): void => log.fatal({ err }, err instanceof Error ? err.message : String(err))
  process.on('uncaughtExceptionMonitor', tell) // of a defect; Node then ends the process
  try {
    await run(config, log)
  } catch (error) {
    tell(error) // for who collects lines of JSON; a terminal gets its own words
    throw error
  } finally {
    process.off('uncaughtExceptionMonitor', tell)
  }
}

/** @throws VethguardError CONFIG_INVALID */
function refuseContradictions({ events, source }: Config): void {
  if (events && source !== undefined) {
    throw new VethguardError('CONFIG_INVALID', '--events on needs an API server, which --source stands in for; leave out one of the two')
  }
}

async function run(config: Config, log: Logger): Promise<void> {
  const stopped = nextSignal() // first: a signal ends nothing abruptly from here on
  const parts = agentParts(config, log)
  log.info({ version: version(), ...shown(config) }, 'starting')
  let server: HealthServer | undefined
  try {
    server = await serve(config, parts, log) // probes are answered while the cluster is being read
    giveBackProgram(log) // loading it is over
    const started = parts.agent.start().then(() => {
      giveBackProgram(log) // and so is reading
      packHeap(log)
    })
    const signal = await Promise.race([started.then(() => stopped), stopped])
    log.info({ signal }, 'stopping; the rules stay in the kernel')
  } finally {
    await server?.close() // first: who scrapes is still answered from the kernel
    await parts.agent.close()
    await parts.events?.close()
    parts.metrics.close()
  }
}

function nextSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    process.once('SIGTERM', resolve)
    process.once('SIGINT', resolve)
  })
}

/** Settings as they are logged. */
function shown({ source = 'the API server', backend, spoofGuard, listen }: Config): object {
  return { source, backend, spoofGuard, listen: listen === null ? 'off' : formatListenAddress(listen) }
}

async function serve({ listen, dryRun }: Config, { agent, metrics, kubeStatus }: AgentParts, log: Logger): Promise<HealthServer | undefined> {
  if (listen === null) return undefined
  const readyz = (): Health => readiness(agent.view, kubeStatus())
  return HealthServer.listen(listen, {
    livez: () => liveness(agent.view, performance.now()),
    readyz: () => (dryRun ? asDryRun(readyz()) : readyz()),
    metrics: (format) => metrics.scrape(format),
  }, { log: log.child({ component: 'server' }) })
}
