// Elements of sets and maps → NEWSETELEM and DELSETELEM messages. The hot path of the agent: no copies, no temporary buffers.
import { padded } from '../../base/padded.ts'
import { successor, type Address } from '../../cluster/address.ts'
import type { Key, Value } from '../../nftables/content.ts'
import { FIELD, schemaOf, TABLE_NAME, type SetName } from '../../nftables/schema.ts'
import type { Command, Elements } from '../../nftables/transaction.ts'
import type { Steps } from '../../base/steps.ts'
import { MAX_ATTRIBUTE_BYTES, type MessageWriter } from '../message-writer.ts'
import { NLM_F } from '../protocol.ts'
import { DATA, ELEMENT, ELEMENT_INTERVAL_END, ELEMENTS, FAMILY, LIST_ITEM, NFT_MSG } from './protocol.ts'
import type { Request } from './socket.ts'

/** More than any element takes: two keys of 40 bytes and a counter's name of 255, with their headers; a range takes two elements. */
const ELEMENT_BYTES = 1024

type WriteElement = (writer: MessageWriter, key: Key, value: Value | undefined) => void

/** Writes as many messages as the elements need: one list of elements is an attribute of at most 64 KiB. A step each. */
export function* writeElements(writer: MessageWriter, command: Extract<Command, { elements: unknown }>): Steps<void> {
  const { set, elements } = command
  const isNew = 'add' in command
  const write = elementWriter(set)
  let list: number | undefined
  for (const [key, value] of interval(set) === 'tree' ? inOrder(elements) : elements) {
    if (list !== undefined && writer.length - list > MAX_ATTRIBUTE_BYTES - ELEMENT_BYTES) {
      endList(writer, list)
      list = undefined
      yield
    }
    if (list === undefined) {
      const [type, flags] = isNew ? [NFT_MSG.NEWSETELEM, NLM_F.REQUEST | NLM_F.CREATE] : [NFT_MSG.DELSETELEM, NLM_F.REQUEST]
      writer.begin(type, flags, FAMILY[schemaOf(set).family])
      nameSet(writer, set)
      list = writer.open(ELEMENTS.LIST)
    }
    write(writer, key, isNew ? value : undefined)
  }
  if (list !== undefined) endList(writer, list)
}

/** The question for all elements of a set. */
export function elementsOf(set: SetName): Request {
  return request(set, (writer) => nameSet(writer, set), true)
}

/** The question for one element. Not for sets of ranges of one field, of which the kernel gives single ends. */
export function elementOf(set: SetName, key: Key): Request {
  return request(set, (writer) => {
    nameSet(writer, set)
    const list = writer.open(ELEMENTS.LIST)
    elementWriter(set)(writer, key, undefined)
    writer.close(list)
  })
}

function request(set: SetName, attributes: (writer: MessageWriter) => void, all = false): Request {
  const { family } = schemaOf(set)
  return { what: `list set ${family} ${TABLE_NAME} ${set}`, type: NFT_MSG.GETSETELEM, family: FAMILY[family], all, attributes }
}

function nameSet(writer: MessageWriter, set: SetName): void {
  writer.string(ELEMENTS.TABLE, TABLE_NAME)
  writer.string(ELEMENTS.SET, set)
}

/**
 * How the kernel keeps ranges. tree: of one field (rbtree), as two elements, the start and an end that is exclusive.
 * fields: of concatenated fields (pipapo), as one element with two inclusive keys.
 */
export function interval(set: SetName): 'none' | 'tree' | 'fields' {
  const schema = schemaOf(set)
  if (schema.interval !== true) return 'none'
  return schema.key.length === 1 ? 'tree' : 'fields'
}

/** Turns the host-order fields of a key to network order or back: nft keeps them so in interval sets of several fields. */
export function swapHostFields(set: SetName, key: string): string {
  let at = 0
  return schemaOf(set)
    .key.map((type) => {
      const field = key.slice(at, (at += padded(FIELD[type].bytes)))
      return type === 'classid' ? Array.from(field).reverse().join('') : field
    })
    .join('')
}

function elementWriter(set: SetName): WriteElement {
  if (interval(set) === 'tree') return writeTreeRange
  if (interval(set) === 'none') return writeSingle
  return (writer, key, value) => {
    const half = key.length / 2
    const item = writer.open(LIST_ITEM)
    writeKey(writer, ELEMENT.KEY, swapHostFields(set, key.slice(0, half)))
    writeKey(writer, ELEMENT.KEY_END, swapHostFields(set, key.slice(half)))
    writeValue(writer, value)
    writer.close(item)
  }
}

function writeSingle(writer: MessageWriter, key: string, value: Value | undefined): void {
  const item = writer.open(LIST_ITEM)
  writeKey(writer, ELEMENT.KEY, key)
  writeValue(writer, value)
  writer.close(item)
}

/** A range that ends with the last address of all has no end element. */
function writeTreeRange(writer: MessageWriter, key: Key, value: Value | undefined): void {
  const half = key.length / 2
  writeSingle(writer, key.slice(0, half), value)
  const end = successor(key.slice(half) as Address)
  if (end === undefined) return
  const item = writer.open(LIST_ITEM)
  writer.u32(ELEMENT.FLAGS, ELEMENT_INTERVAL_END)
  writeKey(writer, ELEMENT.KEY, end)
  writer.close(item)
}

/** The kernel checks a new start against what is there so far, and takes neighbours best in order. */
function inOrder(elements: Elements): readonly (readonly [Key, Value])[] {
  return [...elements].sort(([a], [b]) => (a < b ? -1 : 1))
}

function writeKey(writer: MessageWriter, type: number, key: string): void {
  const data = writer.open(type)
  writer.raw(DATA.VALUE, key)
  writer.close(data)
}

function writeValue(writer: MessageWriter, value: Value | undefined): void {
  if (typeof value === 'number') {
    const data = writer.open(ELEMENT.DATA)
    writer.hostU32(DATA.VALUE, value)
    writer.close(data)
  } else if (typeof value === 'string') writer.string(ELEMENT.OBJECT, value)
}

function endList(writer: MessageWriter, list: number): void {
  writer.close(list)
  writer.end()
}
