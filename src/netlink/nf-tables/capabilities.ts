// What this kernel can do: tried once, without leaving a trace. (A refused batch costs the kernel some milliseconds.)
import { errnoOf } from '../message.ts'
import { MessageWriter } from '../message-writer.ts'
import { NLM_F } from '../protocol.ts'
import { BATCH_SUBSYSTEM, FAMILY, NFNL_MSG, NFT_MSG, TABLE, TABLE_FLAG } from './protocol.ts'
import type { NetfilterSocket } from './socket.ts'

export interface Capabilities {
  /** The end of a batch is acknowledged (kernel 6.10). */
  readonly endAck: boolean
  /** Tables can be owned and outlive their owner (kernel 6.9). */
  readonly ownedTables: boolean
}

const PROBE_TABLE = 'vethguard-probe'

/** Makes and deletes an owned table in one batch: nobody can see it. */
export function probe(socket: NetfilterSocket): Capabilities {
  const writer = new MessageWriter(1, 512)
  frame(writer, NFNL_MSG.BATCH_BEGIN, 0)
  writer.begin(NFT_MSG.NEWTABLE, NLM_F.REQUEST | NLM_F.CREATE, FAMILY.inet)
  writer.string(TABLE.NAME, PROBE_TABLE)
  writer.u32(TABLE.FLAGS, TABLE_FLAG.owner | TABLE_FLAG.persist)
  writer.end()
  const last = writer.begin(NFT_MSG.DELTABLE, NLM_F.REQUEST | NLM_F.ACK, FAMILY.inet)
  writer.string(TABLE.NAME, PROBE_TABLE)
  writer.end()
  const end = frame(writer, NFNL_MSG.BATCH_END, NLM_F.ACK)
  socket.send(writer.bytes)
  const errors = new Map<number, number>()
  for (const answer of socket.receiveAll()) errors.set(answer.sequence, errnoOf(answer))
  const refused = [...errors.values()].some((errno) => errno !== 0)
  return { endAck: errors.get(end) === 0, ownedTables: !refused && errors.get(last) === 0 }
}

function frame(writer: MessageWriter, type: number, flags: number): number {
  const sequence = writer.begin(type, NLM_F.REQUEST | flags, 0, BATCH_SUBSYSTEM)
  writer.end()
  return sequence
}
