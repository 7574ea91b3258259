// curl in an agent's network namespace: where probes and Prometheus come from.
import { exec } from '../../lab/namespace.ts'
import { PATIENCE_MS } from '../../lab/patience.ts'

export interface Answer {
  readonly status: number
  readonly body: string
}

const END = '\nstatus '
const LONGEST_S = String(PATIENCE_MS / 1000)

export class Scraper {
  readonly #namespace: string
  readonly #address: string

  /** @param address that the agent listens on */
  constructor(namespace: string, address = '127.0.0.1:9611') {
    this.#namespace = namespace
    this.#address = address
  }

  get(path: string, ...options: readonly string[]): Answer {
    const said = exec(this.#namespace, ['curl', '-sS', '-m', LONGEST_S, '-w', `${END}%{http_code}`, ...options, `http://${this.#address}${path}`])
    const end = said.lastIndexOf(END)
    return { status: Number(said.slice(end + END.length)), body: said.slice(0, end) }
  }

  metrics(): string {
    return this.get('/metrics').body
  }

  /** Many at once. @returns how each was answered */
  flood(path: string, count: number): number[] {
    const format = '%{http_code}\\n'
    const url = `http://${this.#address}${path}?[1-${count}]`
    const said = exec(this.#namespace, ['curl', '-sS', '-m', LONGEST_S, '-Z', '--parallel-max', String(count), '--parallel-immediate', '-o', '/dev/null', '-w', format, url])
    return said.trim().split('\n').map(Number)
  }
}
