// The store of an API server. Its data live as long as the test.
import { Client } from 'undici'
import { plainConnector } from '../connector.ts'
import { Daemon, type DaemonOptions } from './daemon.ts'

export const ETCD_URL = 'http://127.0.0.1:2379'

export interface EtcdOptions extends Omit<DaemonOptions, 'argv'> {
  readonly program: string
  readonly dataFolder: string
}

export class Etcd {
  readonly daemon: Daemon
  private readonly client: Client

  /** Starts it. */
  constructor({ program, dataFolder, ...daemon }: EtcdOptions) {
    this.daemon = new Daemon({ ...daemon, argv: [program, ...flags(dataFolder)] })
    this.client = new Client(ETCD_URL, { connect: plainConnector(daemon.namespace) })
  }

  /** Forgets all revisions until now. A revision of nobody's follows, because the one compacted at stays readable. */
  async compact(): Promise<void> {
    const { header: { revision } } = await this.call('put', { key: base64('compacted') })
    await this.call('compaction', { revision, physical: true })
  }

  /** @param value as the API server has it stored, in JSON or its protobuf */
  async put(key: string, value: string): Promise<void> {
    await this.call('put', { key: base64(key), value: base64(value) })
  }

  async close(): Promise<void> {
    await Promise.all([this.client.destroy(), this.daemon.kill()])
  }

  /** Through the JSON gateway in front of etcd's gRPC. */
  private async call(method: string, request: Record<string, unknown>): Promise<{ readonly header: { readonly revision: string } }> {
    const { statusCode, body } = await this.client.request({ method: 'POST', path: `/v3/kv/${method}`, body: JSON.stringify(request) })
    const text = await body.text()
    if (statusCode !== 200) throw new Error(`etcd refused ${method}: ${text}`)
    return JSON.parse(text) as { header: { revision: string } }
  }
}

/** Bytes in JSON. */
function base64(text: string): string {
  return Buffer.from(text).toString('base64')
}

function flags(dataFolder: string): string[] {
  return [
    `--data-dir=${dataFolder}`,
    '--unsafe-no-fsync', // nobody needs the data after a crash of the machine
    `--listen-client-urls=${ETCD_URL}`,
    `--advertise-client-urls=${ETCD_URL}`,
    '--listen-peer-urls=http://127.0.0.1:2380',
  ]
}
