// The other back end: the same transactions as text through the nft program. Slower, but free of our own encoding.
import { closeSync, writeSync } from 'node:fs'
import process from 'node:process'
import type { ExecaError } from 'execa'
import { VethguardError } from '../base/errors.ts'
import type { Backend } from '../nftables/backend.ts'
import { elementText } from '../nftables/element-text.ts'
import { render } from '../nftables/render.ts'
import type { SetName } from '../nftables/schema.ts'
import type { Elements, Transaction } from '../nftables/transaction.ts'
import { memoryFile } from './libc.ts'
import { interval } from './nf-tables/elements.ts'
import { lacksOf, probe } from './nf-tables/capabilities.ts'
import { Reader } from './nf-tables/reader.ts'
import { NetfilterSocket } from './nf-tables/socket.ts'
import { foreignTables, ownedByOther } from './nf-tables/state.ts'

/** A range of the last address only: every byte is 255. */
const LAST_ADDRESS = /^\xff+$/

/** What of nft's complaint goes into a message; it repeats the command, which can be long. */
const COMPLAINT_CHARS = 500

/** Kernels since 2026 do (6.12.117 for one); nft before 1.1.0 asks for it where a protocol is part of a range. */
const UNFIT = /Operation not supported[^]*meta l4proto \. th dport/

/** How long nft may take: everything for thousands of pods takes seconds on a busy node. */
const TIMEOUT_MS = 50_000

export interface NftBackendOptions {
  /** Path of a network namespace; undefined: the process's own. */
  readonly namespace?: string | undefined
  /** How long nft may take for a transaction, in ms. */
  readonly timeoutMs?: number | undefined
}

/** nft ends after each commit, so it cannot own tables. */
export class NftBackend implements Backend {
  readonly reader: Reader
  readonly lacks: readonly string[]
  readonly #namespace: string | undefined
  readonly #timeoutMs: number
  readonly #closing = new AbortController()
  #pending: Promise<void> = Promise.resolve()

  /** @throws VethguardError NODE_UNFIT */
  constructor({ namespace, timeoutMs = TIMEOUT_MS }: NftBackendOptions = {}) {
    this.#namespace = namespace
    this.#timeoutMs = timeoutMs
    this.lacks = lacksIn(namespace)
    this.reader = new Reader({ namespace })
  }

  commit(transaction: Transaction): Promise<void> | undefined {
    if (transaction.commands.length === 0) return this.#pending
    for (const command of transaction.commands) {
      if ('delete' in command && command.delete === 'elements') refuseUndeletable(command)
    }
    const text = render(transaction)
    this.#pending = this.#pending.catch(() => undefined).then(() => this.#run(text)) // each caller hears of its own
    return this.#pending
  }

  /** Breaks off what nft is doing: the kernel takes a transaction as a whole or not at all. */
  close(): void {
    this.#closing.abort()
    this.reader.close()
  }

  async #run(text: string): Promise<void> {
    const { execa } = await import('execa') // 5 MB of memory that the other back end does without
    const script = scriptFile(text)
    const nft = ['nft', '-f', `/proc/${process.pid}/fd/${script}`]
    const [program = '', ...args] = this.#namespace === undefined ? nft : ['nsenter', `--net=${this.#namespace}`, ...nft]
    const [timeout, cancelSignal] = [this.#timeoutMs, this.#closing.signal]
    try {
      await execa(program, args, { stdin: 'ignore', env: { LC_ALL: 'C' }, timeout, cancelSignal })
    } catch (error) {
      if (cancelSignal.aborted) throw new VethguardError('NFT', 'nft was broken off', { cause: error })
      throw ownedByOther(this.reader.state()) ? foreignTables(error) : refusal(error)
    } finally {
      closeSync(script)
    }
  }
}

/** Tables of nft have no owner on any kernel. */
function lacksIn(namespace: string | undefined): readonly string[] {
  const socket = new NetfilterSocket(namespace)
  try {
    return lacksOf(probe(socket), ['counterComments'])
  } finally {
    socket.close()
  }
}

/** Not a pipe: if this process died while it wrote there, nft would take the first part for the whole. */
function scriptFile(text: string): number {
  const fd = memoryFile('vethguard.nft')
  const bytes = Buffer.from(text)
  for (let written = 0; written < bytes.length;) written += writeSync(fd, bytes, written, bytes.length - written, written)
  return fd
}

/** Of the kernel, mostly. Trying again does not mend that it refuses what this nft makes of a rule. */
function refusal(cause: unknown): VethguardError {
  const text = complaint(cause)
  if (!UNFIT.test(text)) return new VethguardError('NFT', text, { cause })
  const message = `the kernel refuses the byte order of a single byte, which this nft asks for: use --backend netlink, or nft 1.1.0 or newer (${text})`
  return new VethguardError('NODE_UNFIT', message, { cause })
}

function complaint(error: unknown): string {
  if (!isOfProgram(error)) return String(error)
  const text = typeof error.stderr === 'string' && error.stderr !== '' ? error.stderr : error.shortMessage
  return `nft -f: ${text.slice(0, COMPLAINT_CHARS)}`
}

function isOfProgram(error: unknown): error is ExecaError {
  return error instanceof Error && 'shortMessage' in error
}

/**
 * nft 1.0.6 leaves out the last address of all (255.255.255.255, ffff:...:ffff), alone, when it deletes from a set of ranges,
 * and says nothing. A replacement of the tables does without.
 */
function refuseUndeletable({ set, elements }: { readonly set: SetName; readonly elements: Elements }): void {
  if (interval(set) !== 'tree') return
  for (const key of elements.keys()) {
    if (!LAST_ADDRESS.test(key)) continue
    throw new VethguardError('NFT', `nft cannot delete ${elementText(set, key, true)} from ${set}: replace the tables instead`)
  }
}
