// `vethguard agent`: wires source, compiler, back end and veths together, and runs until a signal comes.
import process from 'node:process'
import pino from 'pino'
import { Agent } from '../agent/agent.ts'
import type { Config } from '../config/options.ts'
import { FolderSource } from '../manifests/folder.ts'
import { createBackend } from '../netlink/create-backend.ts'
import { VethTable } from '../netlink/route/veths.ts'
import { version } from './version.ts'

export async function runAgent(config: Config): Promise<void> {
  const log = pino({ level: config.logLevel, base: { node: config.nodeName }, errorKey: 'err' })
  const stopped = new Promise<NodeJS.Signals>((resolve) => {
    process.once('SIGTERM', resolve)
    process.once('SIGINT', resolve)
  })
  const agent = new Agent({
    nodeName: config.nodeName,
    spoofGuard: config.spoofGuard,
    source: new FolderSource(config.source),
    backend: createBackend({ kind: config.backend }),
    veths: (onChange) => new VethTable({ onChange, onError: (err) => log.error({ err }, 'the node\'s links cannot be followed') }),
    log,
  })
  const { source, backend, spoofGuard } = config
  log.info({ version: version(), source, backend, spoofGuard }, 'starting')
  try {
    const signal = await Promise.race([agent.start().then(() => stopped), stopped])
    log.info({ signal }, 'stopping; the rules stay in the kernel')
  } finally {
    await agent.close()
  }
}
