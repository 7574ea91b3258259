// The back end that speaks nf_tables netlink itself: a small change takes the kernel microseconds.
import { hasErrno, NetlinkError, VethguardError } from '../../base/errors.ts'
import type { Backend } from '../../nftables/backend.ts'
import { schemaOf } from '../../nftables/schema.ts'
import { commandText } from '../../nftables/render.ts'
import type { TableFlag, Transaction } from '../../nftables/transaction.ts'
import { inTurns } from '../../base/steps.ts'
import { errnoOf } from '../message.ts'
import { lacksOf, probe, type Capabilities } from './capabilities.ts'
import { encode, encoding, type Batch, type Proof } from './encode.ts'
import { Reader } from './reader.ts'
import { NetfilterSocket } from './socket.ts'
import { foreignTables, ownedByOther } from './state.ts'

/** Larger batches are written in turns, and sent by a thread of libuv's pool: the kernel needs about a millisecond for so many elements. */
const SYNCHRONOUS_ELEMENTS = 1000

/** What other things count for when a batch is weighed. Ranges cost the kernel far more than others: it copies their whole set. */
const ELEMENTS_PER_RANGE = 128
const ELEMENTS_PER_COMMAND = 4

/** Errors kept beside the first: mostly they follow from it. */
const OTHER_ERRORS = 5

export interface NetlinkBackendOptions {
  /** Path of a network namespace; undefined: the process's own. */
  readonly namespace?: string | undefined
  /** Owned tables where the kernel has them (default): nobody else can change them while this process lives. */
  readonly own?: boolean | undefined
}

export class NetlinkBackend implements Backend {
  readonly reader: Reader
  readonly lacks: readonly string[]
  readonly #socket: NetfilterSocket
  readonly #capabilities: Capabilities
  #sequence = 1
  /** The last commit that is still under way; later ones wait for it. */
  #pending: Promise<void> | undefined

  /** @throws VethguardError NODE_UNFIT */
  constructor({ namespace, own = true }: NetlinkBackendOptions = {}) {
    this.#socket = new NetfilterSocket(namespace)
    this.#capabilities = probeOrClose(this.#socket)
    this.lacks = lacksOf(this.#capabilities, own ? ['counterComments', 'ownedTables'] : ['counterComments'])
    const flags: readonly TableFlag[] = own && this.#capabilities.ownedTables ? ['owner', 'persist'] : []
    this.reader = new Reader({ namespace, flags, portId: this.#socket.portId })
  }

  commit(transaction: Transaction): Promise<void> | undefined {
    if (transaction.commands.length === 0) return this.#pending
    if (this.#pending !== undefined || weightOf(transaction) > SYNCHRONOUS_ELEMENTS) return this.#enqueue(transaction)
    const batch = encode(transaction, this.#sequence, this.#proof)
    this.#sequence = batch.nextSequence
    this.#socket.send(batch.bytes)
    this.#confirm(batch)
    return undefined
  }

  close(): void {
    this.#socket.close()
    this.reader.close()
  }

  get #proof(): Proof {
    return this.#capabilities.endAck ? 'end' : 'last command'
  }

  #enqueue(transaction: Transaction): Promise<void> {
    const before = this.#pending
    const commit = async (): Promise<void> => {
      await before?.catch(() => undefined) // its caller hears of it
      const batch = await inTurns(encoding(transaction, this.#sequence, this.#proof))
      this.#sequence = batch.nextSequence
      await this.#socket.sendInBackground(batch.bytes)
      this.#confirm(batch)
    }
    const pending = commit().finally(() => {
      if (this.#pending === pending) this.#pending = undefined
    })
    this.#pending = pending
    return pending
  }

  /** Reads the kernel's answers to a batch that was sent. */
  #confirm(batch: Batch): void {
    const errors: NetlinkError[] = []
    let confirmed = false
    for (const answer of this.#socket.receiveAll()) {
      const errno = errnoOf(answer)
      if (errno !== 0) errors.push(new NetlinkError(describe(batch, answer.sequence), errno))
      else if (answer.sequence === batch.proof) confirmed = true
    }
    const [first, ...others] = errors
    if (first !== undefined) throw this.#explain(first, others)
    if (!confirmed) throw new VethguardError('NETLINK', 'the kernel did not confirm a batch of rules')
  }

  #explain(first: NetlinkError, others: readonly NetlinkError[]): VethguardError {
    if (others.length > 0) first.cause = new AggregateError(others.slice(0, OTHER_ERRORS), `and ${others.length} more`)
    return hasErrno(first, 'EPERM') && ownedByOther(this.reader.state()) ? foreignTables(first) : first
  }
}

function probeOrClose(socket: NetfilterSocket): Capabilities {
  try {
    return probe(socket)
  } catch (error) {
    socket.close()
    throw error
  }
}

/** In elements. */
function weightOf({ commands }: Transaction): number {
  return commands.reduce((sum, command) => {
    if (!('elements' in command)) return sum + ELEMENTS_PER_COMMAND
    const hasRanges = schemaOf(command.set).interval === true && schemaOf(command.set).key.length > 1
    return sum + command.elements.size * (hasRanges ? ELEMENTS_PER_RANGE : 1)
  }, 0)
}

function describe(batch: Batch, sequence: number): string {
  const command = batch.commandOf(sequence)
  return command === undefined ? 'commit of a batch of rules' : commandText(command)
}
