// `vethguard agent`: wires source, compiler, back end and veths together, and runs until a signal comes.
import process from 'node:process'
import pino, { type Logger } from 'pino'
import { Agent } from '../agent/agent.ts'
import type { Source } from '../source.ts'
import type { Config } from '../config/options.ts'
import { FolderSource } from '../manifests/folder.ts'
import { findCredentials } from '../kube/credentials.ts'
import { KubeSource } from '../kube/source.ts'
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
    source: sourceOf(config, log),
    backend: createBackend({ kind: config.backend }),
    veths: (onChange) => new VethTable({ onChange, onError: (err) => log.error({ err }, 'the node\'s links cannot be followed') }),
    log,
  })
  const { source = 'the API server', backend, spoofGuard } = config
  log.info({ version: version(), source, backend, spoofGuard }, 'starting')
  try {
    const signal = await Promise.race([agent.start().then(() => stopped), stopped])
    log.info({ signal }, 'stopping; the rules stay in the kernel')
  } finally {
    await agent.close()
  }
}

/** The folder if there is one, else the API server of the kubeconfig file or of the Pod we are in. */
function sourceOf({ source, kubeconfig }: Config, log: Logger): Source {
  if (source !== undefined) return new FolderSource(source)
  return new KubeSource({ credentials: () => findCredentials(kubeconfig, process.env), log: log.child({ component: 'kube' }) })
}
