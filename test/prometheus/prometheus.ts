// A Prometheus in a network namespace, asked over its HTTP API.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Pool } from 'undici'
import { stringify } from 'yaml'
import { Daemon } from '../e2e/cluster/daemon.ts'
import { until } from '../e2e/cluster/until.ts'
import { plainConnector } from '../e2e/connector.ts'
import { buildPrometheus } from './programs.ts'

const ADDRESS = '127.0.0.1:9090'

export interface PrometheusOptions {
  readonly namespace: string
  readonly folder: string
  readonly scrapeConfig: object
  /** Path of a file with rules. */
  readonly rules: string
}

export interface Sample {
  readonly metric: Readonly<Record<string, string>>
  readonly value: number
}
export interface Target {
  readonly health: string
  readonly lastError: string
  readonly labels: Readonly<Record<string, string>>
}
export interface Rule {
  readonly name: string
  readonly query: string
  readonly health: string
  readonly lastError?: string
  readonly state: 'inactive' | 'pending' | 'firing'
  readonly alerts: readonly { readonly labels: Readonly<Record<string, string>>; readonly annotations: Readonly<Record<string, string>> }[]
}

export class Prometheus {
  readonly #daemon: Daemon
  readonly #pool: Pool

  /** Returns when it answers. */
  static async start(options: PrometheusOptions): Promise<Prometheus> {
    const prometheus = new Prometheus(await buildPrometheus(), options)
    try {
      await until('ready Prometheus', () => prometheus.#isReady(), () => prometheus.#daemon.assertRunning())
      return prometheus
    } catch (error) {
      await prometheus.close()
      throw error
    }
  }

  private constructor(program: string, { namespace, folder, scrapeConfig, rules }: PrometheusOptions) {
    mkdirSync(folder, { recursive: true })
    const configFile = join(folder, 'prometheus.yaml')
    writeFileSync(configFile, stringify({ global: { evaluation_interval: '1s' }, rule_files: [rules], scrape_configs: [scrapeConfig] }))
    this.#daemon = new Daemon({
      namespace,
      logFile: join(folder, 'prometheus.log'),
      argv: [program, `--config.file=${configFile}`, `--storage.tsdb.path=${join(folder, 'data')}`, `--web.listen-address=${ADDRESS}`],
    })
    this.#pool = new Pool(`http://${ADDRESS}`, { connect: plainConnector(namespace) })
  }

  /** @param expr whose value now is wanted: a vector @throws Error with what Prometheus has against it */
  async query(expr: string): Promise<Sample[]> {
    const { result } = await this.#get(`query?query=${encodeURIComponent(expr)}`) as
      { result: { metric: Record<string, string>; value: [number, string] }[] }
    return result.map(({ metric, value: [, text] }) => ({ metric, value: Number(text) }))
  }

  async targets(): Promise<Target[]> {
    return (await this.#get('targets?state=active') as { activeTargets: Target[] }).activeTargets
  }

  /** Names of metrics that targets have told of, also those that have no series yet. */
  async metrics(): Promise<string[]> {
    return Object.keys(await this.#get('metadata') as object)
  }

  async rules(): Promise<Rule[]> {
    return (await this.#get('rules') as { groups: { rules: Rule[] }[] }).groups.flatMap(({ rules }) => rules)
  }

  async close(): Promise<void> {
    await this.#pool.destroy()
    await this.#daemon.kill()
  }

  async #isReady(): Promise<boolean> {
    const { statusCode, body } = await this.#pool.request({ method: 'GET', path: '/-/ready' })
    await body.dump()
    return statusCode === 200
  }

  async #get(path: string): Promise<unknown> {
    const { body } = await this.#pool.request({ method: 'GET', path: `/api/v1/${path}` })
    const answer = await body.json() as { status: string; error?: string; data?: unknown }
    if (answer.status !== 'success') throw new Error(`${decodeURIComponent(path)}: ${answer.error}`)
    return answer.data
  }
}
