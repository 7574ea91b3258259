// The other back end: the same transactions as text through the nft program. Slower, but free of our own encoding.
import { execa, ExecaError } from 'execa'
import { VethguardError } from '../errors.ts'
import type { Backend, BackendState } from '../nftables/backend.ts'
import type { Content, CounterName } from '../nftables/content.ts'
import { render } from '../nftables/render.ts'
import type { CounterValue, Transaction } from '../nftables/transaction.ts'
import { readContent, readCounters } from './nf-tables/reader.ts'
import { foreignTables, ownedByOther, readState } from './nf-tables/state.ts'

/** What of nft's complaint goes into a message; it repeats the command, which can be long. */
const COMPLAINT_CHARS = 500

export interface NftBackendOptions {
  /** Path of a network namespace; undefined: the process's own. */
  readonly namespace?: string | undefined
}

/** nft ends after each commit, so it cannot own tables. */
export class NftBackend implements Backend {
  readonly #namespace: string | undefined
  #pending: Promise<void> = Promise.resolve()

  constructor({ namespace }: NftBackendOptions = {}) {
    this.#namespace = namespace
  }

  commit(transaction: Transaction): Promise<void> | undefined {
    if (transaction.commands.length === 0) return this.#pending
    const text = render(transaction)
    this.#pending = this.#pending.catch(() => undefined).then(() => this.#run(text)) // each caller hears of its own
    return this.#pending
  }

  readContent(): Promise<Content | undefined> {
    return readContent(this.#namespace)
  }

  readCounters(): Promise<ReadonlyMap<CounterName, CounterValue>> {
    return readCounters(this.#namespace)
  }

  state(): BackendState {
    return readState({ namespace: this.#namespace, flags: [], portId: 0 })
  }

  close(): void {
    // nothing is open
  }

  async #run(text: string): Promise<void> {
    const options = { input: text, env: { LC_ALL: 'C' } }
    try {
      if (this.#namespace === undefined) await execa('nft', ['-f', '-'], options)
      else await execa('nsenter', [`--net=${this.#namespace}`, 'nft', '-f', '-'], options)
    } catch (error) {
      throw ownedByOther(this.state()) ? foreignTables(error) : new VethguardError('NFT', complaint(error), { cause: error })
    }
  }
}

function complaint(error: unknown): string {
  if (!(error instanceof ExecaError)) return String(error)
  const text = typeof error.stderr === 'string' && error.stderr !== '' ? error.stderr : error.shortMessage
  return `nft -f: ${text.slice(0, COMPLAINT_CHARS)}`
}
