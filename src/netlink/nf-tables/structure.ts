// Tables, counters, sets, chains and rules → their messages, as nft 1.0.6 would send them.
import type { CounterName } from '../../nftables/content.ts'
import type { Chain, Rule } from '../../nftables/statement.ts'
import { FIELD, fieldBytes, schemaOf, SET_NAMES, TABLE_NAME, type FieldType, type SetName, type TableFamily } from '../../nftables/schema.ts'
import type { CounterValue, TableFlag } from '../../nftables/transaction.ts'
import { interval } from './elements.ts'
import { writeExpressions } from './expressions.ts'
import type { MessageWriter } from '../message-writer.ts'
import { NLM_F } from '../protocol.ts'
import * as nf from './protocol.ts'

const { FAMILY, NFT_MSG } = nf
const CREATE = NLM_F.REQUEST | NLM_F.CREATE
const NF_ACCEPT = 1

/** nft numbers data types in 6 bits; a concatenation is their sequence. */
const TYPE_BITS = 6

/** What nft keeps beside a set to list it right: type, length, value (libnftnl/udata.h). Numbers are in host order. */
const SET_USERDATA = { KEY_BYTEORDER: 0, DATA_BYTEORDER: 1 } as const
const BYTEORDER = { none: 0, host: 1, big: 2 } as const

export function addTable(writer: MessageWriter, family: TableFamily, flags: readonly TableFlag[]): void {
  writer.begin(NFT_MSG.NEWTABLE, CREATE, FAMILY[family])
  writer.string(nf.TABLE.NAME, TABLE_NAME)
  writer.u32(nf.TABLE.FLAGS, tableFlags(flags))
  writer.end()
}

export function tableFlags(flags: readonly TableFlag[]): number {
  return flags.reduce((sum, flag) => sum | nf.TABLE_FLAG[flag], 0)
}

export function deleteTable(writer: MessageWriter, family: TableFamily): void {
  writer.begin(NFT_MSG.DELTABLE, NLM_F.REQUEST, FAMILY[family])
  writer.string(nf.TABLE.NAME, TABLE_NAME)
  writer.end()
}

export function addCounter(writer: MessageWriter, family: TableFamily, name: CounterName, value: CounterValue): void {
  beginCounter(writer, NFT_MSG.NEWOBJ, family, name)
  const data = writer.open(nf.OBJECT.DATA)
  writer.u64(nf.COUNTER.BYTES, value.bytes)
  writer.u64(nf.COUNTER.PACKETS, value.packets)
  writer.close(data)
  if (value.comment !== undefined) writer.raw(nf.OBJECT.USERDATA, commentData(value.comment))
  writer.end()
}

export function deleteCounter(writer: MessageWriter, family: TableFamily, name: CounterName): void {
  beginCounter(writer, NFT_MSG.DELOBJ, family, name)
  writer.end()
}

function beginCounter(writer: MessageWriter, type: number, family: TableFamily, name: CounterName): void {
  writer.begin(type, type === NFT_MSG.NEWOBJ ? CREATE : NLM_F.REQUEST, FAMILY[family])
  writer.string(nf.OBJECT.TABLE, TABLE_NAME)
  writer.string(nf.OBJECT.NAME, name)
  writer.u32(nf.OBJECT.TYPE, nf.OBJECT_COUNTER)
}

export function addSet(writer: MessageWriter, set: SetName): void {
  const { family, key, data } = schemaOf(set)
  writer.begin(NFT_MSG.NEWSET, CREATE, FAMILY[family])
  writer.string(nf.SET.TABLE, TABLE_NAME)
  writer.string(nf.SET.NAME, set)
  writer.u32(nf.SET.FLAGS, setFlags(set))
  writer.u32(nf.SET.KEY_TYPE, key.reduce((type, field) => (type << TYPE_BITS) | FIELD[field].type, 0))
  writer.u32(nf.SET.KEY_LENGTH, key.reduce((bytes, field) => bytes + fieldBytes(key, field), 0))
  if (data === 'classid') {
    writer.u32(nf.SET.DATA_TYPE, FIELD.classid.type)
    writer.u32(nf.SET.DATA_LENGTH, FIELD.classid.bytes)
  }
  if (data === 'counter') writer.u32(nf.SET.OBJECT_TYPE, nf.OBJECT_COUNTER)
  // The kernel wants a number for references before the name is known; we refer by name.
  writer.u32(nf.SET.ID, SET_NAMES.indexOf(set) + 1)
  if (interval(set) === 'fields') writeFieldLengths(writer, key)
  writer.raw(nf.SET.USERDATA, setUserdata(set))
  writer.end()
}

export function addChain(writer: MessageWriter, { family, name, hook }: Chain): void {
  writer.begin(NFT_MSG.NEWCHAIN, CREATE, FAMILY[family])
  writer.string(nf.CHAIN.TABLE, TABLE_NAME)
  writer.string(nf.CHAIN.NAME, name)
  if (hook !== undefined) {
    writer.string(nf.CHAIN.TYPE, 'filter')
    writer.u32(nf.CHAIN.POLICY, NF_ACCEPT)
    const at = writer.open(nf.CHAIN.HOOK)
    writer.u32(nf.CHAIN_HOOK.NUM, nf.HOOK[hook.name])
    writer.u32(nf.CHAIN_HOOK.PRIORITY, hook.priority)
    writer.close(at)
  }
  writer.end()
}

export function addRule(writer: MessageWriter, { family, name }: Chain, rule: Rule): void {
  writer.begin(NFT_MSG.NEWRULE, CREATE | NLM_F.APPEND, FAMILY[family])
  writer.string(nf.RULE.TABLE, TABLE_NAME)
  writer.string(nf.RULE.CHAIN, name)
  const expressions = writer.open(nf.RULE.EXPRESSIONS)
  writeExpressions(writer, family, rule)
  writer.close(expressions)
  if (rule.comment !== undefined) writer.raw(nf.RULE.USERDATA, commentData(rule.comment))
  writer.end()
}

function setFlags(set: SetName): number {
  const { data } = schemaOf(set)
  const map = data === 'classid' ? nf.SET_FLAG.map : data === 'counter' ? nf.SET_FLAG.object : 0
  const kind = interval(set)
  return map | (kind === 'none' ? 0 : nf.SET_FLAG.interval) | (kind === 'fields' ? nf.SET_FLAG.concat : 0)
}

export function writeFieldLengths(writer: MessageWriter, key: readonly FieldType[]): void {
  const description = writer.open(nf.SET.DESCRIPTION)
  const concat = writer.open(nf.SET_DESCRIPTION_CONCAT)
  for (const field of key) {
    const item = writer.open(nf.LIST_ITEM)
    writer.u32(nf.SET_FIELD_LENGTH, FIELD[field].bytes)
    writer.close(item)
  }
  writer.close(concat)
  writer.close(description)
}

function setUserdata(set: SetName): string {
  const { key, data } = schemaOf(set)
  const isHost = key[0] === 'classid' || key[0] === 'ifname'
  const byteorder = key.length > 1 ? BYTEORDER.none : isHost ? BYTEORDER.host : BYTEORDER.big
  return [
    userdata(SET_USERDATA.KEY_BYTEORDER, hostU32(byteorder)),
    data === 'classid' ? userdata(SET_USERDATA.DATA_BYTEORDER, hostU32(BYTEORDER.host)) : '',
  ].join('')
}

export function commentData(comment: string): string {
  return userdata(nf.USERDATA_COMMENT, `${comment}\0`)
}

function userdata(type: number, value: string): string {
  return String.fromCharCode(type, value.length) + value
}

function hostU32(value: number): string {
  return String.fromCharCode(value, 0, 0, 0)
}
