// One message or two for each feature that nothing can be enforced without: small things of the kind that the program is made of.
import type { FieldType } from '../../nftables/schema.ts'
import type { MessageWriter } from '../message-writer.ts'
import { NLM_F } from '../protocol.ts'
import * as write from './expression.ts'
import type { NeededFeature } from './features.ts'
import * as nf from './protocol.ts'
import { commentData, writeFieldLengths } from './structure.ts'

export const PROBE_TABLE = 'vethguard-probe'
const PROBE_CHAIN = 'chain'

const { FAMILY, NFT_MSG } = nf
const RANGE_KEY: readonly FieldType[] = ['classid', 'inet_service']
const RANGE_KEY_BYTES = 8
const CLASSID_BYTES = 4

/** Sequence number of the first message about each, in order. */
export type Probes = ReadonlyMap<NeededFeature, number>

export function writeProbes(writer: MessageWriter): Probes {
  const probes: Readonly<Record<NeededFeature, () => void>> = {
    inet: () => addTable(writer, FAMILY.inet),
    bridge: () => addTable(writer, FAMILY.bridge),
    counterMaps: () => addMap(writer, 1),
    concatenatedRanges: () => addMap(writer, 2, RANGE_KEY),
    conntrack: () => {
      addChain(writer)
      addRule(writer, () => write.loadCtState(writer))
    },
    limit: () => addRule(writer, () => write.limit(writer, { perSecond: 1, burst: 1 })),
    log: () => addRule(writer, () => write.log(writer, { prefix: PROBE_TABLE, group: 0, snaplen: 1 })),
  }
  return new Map((Object.keys(probes) as NeededFeature[]).map((feature) => {
    const first = writer.sequence
    probes[feature]()
    return [feature, first]
  }))
}

/** The kernel is asked to tell what it has made of it (NLM_F_ECHO). */
export function counterWithComment(writer: MessageWriter): void {
  beginProbe(writer, NFT_MSG.NEWOBJ, FAMILY.inet, nf.OBJECT.TABLE)
  writer.addFlags(NLM_F.ECHO)
  writer.string(nf.OBJECT.NAME, 'counter')
  writer.u32(nf.OBJECT.TYPE, nf.OBJECT_COUNTER)
  writer.close(writer.open(nf.OBJECT.DATA))
  writer.raw(nf.OBJECT.USERDATA, commentData('comment'))
  writer.end()
}

/** @param attribute of this kind of message for the table's name */
export function beginProbe(writer: MessageWriter, type: number, family: number, attribute: number): void {
  writer.begin(type, NLM_F.REQUEST | NLM_F.CREATE, family)
  writer.string(attribute, PROBE_TABLE)
}

function addTable(writer: MessageWriter, family: number): void {
  beginProbe(writer, NFT_MSG.NEWTABLE, family, nf.TABLE.NAME)
  writer.u32(nf.TABLE.FLAGS, 0)
  writer.end()
}

/** @param ranges fields of the key, if it is of ranges */
function addMap(writer: MessageWriter, id: number, ranges?: readonly FieldType[]): void {
  beginProbe(writer, NFT_MSG.NEWSET, FAMILY.inet, nf.SET.TABLE)
  writer.string(nf.SET.NAME, `map${id}`)
  writer.u32(nf.SET.FLAGS, nf.SET_FLAG.object | (ranges === undefined ? 0 : nf.SET_FLAG.interval | nf.SET_FLAG.concat))
  writer.u32(nf.SET.KEY_TYPE, 0)
  writer.u32(nf.SET.KEY_LENGTH, ranges === undefined ? CLASSID_BYTES : RANGE_KEY_BYTES)
  writer.u32(nf.SET.OBJECT_TYPE, nf.OBJECT_COUNTER)
  writer.u32(nf.SET.ID, id)
  if (ranges !== undefined) writeFieldLengths(writer, ranges)
  writer.end()
}

/** Without a hook: no packet ever comes there. */
function addChain(writer: MessageWriter): void {
  beginProbe(writer, NFT_MSG.NEWCHAIN, FAMILY.inet, nf.CHAIN.TABLE)
  writer.string(nf.CHAIN.NAME, PROBE_CHAIN)
  writer.end()
}

function addRule(writer: MessageWriter, expression: () => void): void {
  beginProbe(writer, NFT_MSG.NEWRULE, FAMILY.inet, nf.RULE.TABLE)
  writer.addFlags(NLM_F.APPEND)
  writer.string(nf.RULE.CHAIN, PROBE_CHAIN)
  const expressions = writer.open(nf.RULE.EXPRESSIONS)
  expression()
  writer.close(expressions)
  writer.end()
}
