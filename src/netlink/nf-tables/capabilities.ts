// What this kernel can do (features.ts): tried once, in tables that are made and deleted in one batch, so that nobody can see them. (A
// refused batch costs the kernel some milliseconds.)
import { hasErrno, NetlinkError } from '../../base/errors.ts'
import type { ErrnoName } from '../../base/errno.ts'
import { errnoOf, type Message } from '../message.ts'
import { MessageWriter } from '../message-writer.ts'
import { NLM_F, NLMSG } from '../protocol.ts'
import { readCounter } from './decode.ts'
import { NEEDED, refuse, USEFUL, type UsefulFeature } from './features.ts'
import { beginProbe, counterWithComment, PROBE_TABLE, type Probes, writeProbes } from './probes.ts'
import { BATCH_SUBSYSTEM, FAMILY, NFNL_MSG, NFT_MSG, TABLE, TABLE_FLAG } from './protocol.ts'
import type { NetfilterSocket } from './socket.ts'

export type Capabilities = Readonly<Record<UsefulFeature, boolean>>

type Socket = Pick<NetfilterSocket, 'send' | 'receiveAll'>

/** What a kernel answers if it does not know what it is asked for, or has no module that does. */
const MISSING: readonly ErrnoName[] = ['EOPNOTSUPP', 'EAFNOSUPPORT', 'EPROTONOSUPPORT', 'ENOENT', 'EINVAL']

/** @throws VethguardError NODE_UNFIT if the kernel lacks what nothing can be enforced without */
export function probe(socket: Socket): Capabilities {
  return { counterComments: probeNeeded(socket), ...probeOwner(socket) }
}

/** In sentences: what the kernel lacks of these, and what comes of it. */
export function lacksOf(capabilities: Capabilities, features: readonly UsefulFeature[]): string[] {
  return features.filter((feature) => !capabilities[feature]).map((feature) => {
    const { name, since, without } = USEFUL[feature]
    return `the kernel has no ${name} (Linux ${since}): ${without}`
  })
}

/** @returns whether a counter keeps its comment: older kernels take it, and forget it */
function probeNeeded(socket: Socket): boolean {
  const writer = new MessageWriter(1, 2048)
  frame(writer, NFNL_MSG.BATCH_BEGIN, 0)
  const probes = writeProbes(writer)
  const end = writer.sequence
  counterWithComment(writer)
  for (const family of ['bridge', 'inet'] as const) deleteProbe(writer, FAMILY[family])
  frame(writer, NFNL_MSG.BATCH_END, 0)
  socket.send(writer.bytes)
  const refusals = new Map<number, number>()
  let hasComment = false
  for (const answer of socket.receiveAll()) {
    if (answer.type === NLMSG.ERROR && answer.sequence < end) refusals.set(answer.sequence, errnoOf(answer))
    else hasComment ||= isCommented(answer)
  }
  refuseMissing(probes, refusals)
  return hasComment
}

/** The first that is refused; what follows may be refused because of it. Other errors are not about features: commits tell them. */
function refuseMissing(probes: Probes, refusals: ReadonlyMap<number, number>): void {
  const first = Math.min(...[...refusals].filter(([, errno]) => errno !== 0).map(([sequence]) => sequence))
  if (first === Infinity) return
  // A kernel without nf_tables refuses the beginning of the batch.
  const [missing] = [...probes].findLast(([, from]) => from <= first) ?? ['inet']
  const error = new NetlinkError(`probe of ${NEEDED[missing].name}`, refusals.get(first) ?? 0)
  if (MISSING.some((name) => hasErrno(error, name))) throw refuse(missing, error)
}

function isCommented(answer: Message): boolean {
  return answer.type === NFT_MSG.NEWOBJ && readCounter(answer)[1].comment !== undefined
}

/** Makes and deletes an owned table. */
function probeOwner(socket: Socket): Pick<Capabilities, 'endAck' | 'ownedTables'> {
  const writer = new MessageWriter(1, 512)
  frame(writer, NFNL_MSG.BATCH_BEGIN, 0)
  beginProbe(writer, NFT_MSG.NEWTABLE, FAMILY.inet, TABLE.NAME)
  writer.u32(TABLE.FLAGS, TABLE_FLAG.owner | TABLE_FLAG.persist)
  writer.end()
  const last = deleteProbe(writer, FAMILY.inet, NLM_F.ACK)
  const end = frame(writer, NFNL_MSG.BATCH_END, NLM_F.ACK)
  socket.send(writer.bytes)
  const errors = new Map<number, number>()
  for (const answer of socket.receiveAll()) errors.set(answer.sequence, errnoOf(answer))
  const refused = [...errors.values()].some((errno) => errno !== 0)
  return { endAck: errors.get(end) === 0, ownedTables: !refused && errors.get(last) === 0 }
}

function deleteProbe(writer: MessageWriter, family: number, flags = 0): number {
  const sequence = writer.begin(NFT_MSG.DELTABLE, NLM_F.REQUEST | flags, family)
  writer.string(TABLE.NAME, PROBE_TABLE)
  writer.end()
  return sequence
}

function frame(writer: MessageWriter, type: number, flags: number): number {
  const sequence = writer.begin(type, NLM_F.REQUEST | flags, 0, BATCH_SUBSYSTEM)
  writer.end()
  return sequence
}
