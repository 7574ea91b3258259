// A transaction → one batch of nf_tables messages, which the kernel applies as a whole.
import type { Command, Transaction } from '../../nftables/transaction.ts'
import { atOnce, type Steps } from '../../base/steps.ts'
import { writeElements } from './elements.ts'
import { MessageWriter, sequenceAfter } from '../message-writer.ts'
import { NLM_F } from '../protocol.ts'
import { BATCH_SUBSYSTEM, NFNL_MSG } from './protocol.ts'
import * as structure from './structure.ts'

/** Which message's acknowledgement proves the commit: the batch's end (kernel 6.10) or the last command. */
export type Proof = 'end' | 'last command'

export interface Batch {
  readonly bytes: Buffer
  /** Sequence number of the message that is acknowledged when all has been applied. */
  readonly proof: number
  /** The first number that the next batch may use. */
  readonly nextSequence: number
  /** What a message was about; undefined for the batch's frame. */
  readonly commandOf: (sequence: number) => Command | undefined
}

export function encode(transaction: Transaction, firstSequence: number, proof?: Proof): Batch {
  return atOnce(encoding(transaction, firstSequence, proof))
}

/** As encode(), in steps of 64 KiB. */
export function* encoding({ commands }: Transaction, firstSequence: number, proof: Proof = 'end'): Steps<Batch> {
  const writer = new MessageWriter(firstSequence)
  /** Elements can take many messages: the first of each command, in order. */
  const firsts: number[] = []
  writer.begin(NFNL_MSG.BATCH_BEGIN, NLM_F.REQUEST, 0, BATCH_SUBSYSTEM)
  writer.end()
  for (const command of commands) {
    firsts.push(writer.sequence)
    if ('elements' in command) yield* writeElements(writer, command)
    else writeStructure(writer, command)
    yield
  }
  if (proof === 'last command') writer.addFlags(NLM_F.ACK)
  const end = writer.begin(NFNL_MSG.BATCH_END, NLM_F.REQUEST | (proof === 'end' ? NLM_F.ACK : 0), 0, BATCH_SUBSYSTEM)
  writer.end()
  return {
    bytes: writer.bytes,
    proof: proof === 'end' ? end : end - 1,
    nextSequence: sequenceAfter(writer.sequence - 1),
    commandOf: (sequence) => (sequence < end ? commands[firsts.findLastIndex((first) => first <= sequence)] : undefined),
  }
}

/** All but elements: tables, and what they are made of. */
type Structure = Exclude<Command, { elements: unknown }>

function writeStructure(writer: MessageWriter, command: Structure): void {
  if ('delete' in command) writeDelete(writer, command)
  else writeAdd(writer, command)
}

function writeDelete(writer: MessageWriter, command: Extract<Structure, { delete: unknown }>): void {
  switch (command.delete) {
    case 'table':
      structure.deleteTable(writer, command.family)
      break
    case 'counter':
      structure.deleteCounter(writer, command.family, command.name)
  }
}

function writeAdd(writer: MessageWriter, command: Extract<Structure, { add: unknown }>): void {
  switch (command.add) {
    case 'table':
      structure.addTable(writer, command.family, command.flags)
      break
    case 'counter':
      structure.addCounter(writer, command.family, command.name, command.value)
      break
    case 'set':
      structure.addSet(writer, command.set)
      break
    case 'chain':
      structure.addChain(writer, command.chain)
      break
    case 'rule':
      structure.addRule(writer, command.chain, command.rule)
  }
}
