// Reads chains, rules and sets back, to see whether somebody touched them.
import { TABLE_NAME, type TableFamily } from '../../nftables/schema.ts'
import { TABLE_FAMILIES } from '../../nftables/transaction.ts'
import { attribute, textOf, type Span } from '../attributes.ts'
import type { Message } from '../message.ts'
import { CHAIN, FAMILY, NFGENMSG_BYTES, NFT_MSG, RULE, SET } from './protocol.ts'
import type { Request } from './socket.ts'

/** Who asks for chains gets those of other tables too. Rules and sets are asked by table. */
const ASKED = [
  { type: NFT_MSG.GETCHAIN, what: 'chains', table: undefined },
  { type: NFT_MSG.GETRULE, what: 'rules', table: RULE.TABLE },
  { type: NFT_MSG.GETSET, what: 'sets', table: SET.TABLE },
] as const

export function structureRequests(): Request[] {
  return TABLE_FAMILIES.flatMap((family) => ASKED.map((asked) => requestOf(family, asked)))
}

function requestOf(family: TableFamily, { type, what, table }: (typeof ASKED)[number]): Request {
  return {
    what: `list ${what} ${family} ${TABLE_NAME}`,
    type,
    family: FAMILY[family],
    all: true,
    attributes: (writer) => {
      if (table !== undefined) writer.string(table, TABLE_NAME)
    },
  }
}

/**
 * What an answer tells that only a change of structure changes: rules and chains to the byte, of a set its name and number.
 * (What newer kernels add about sets can be the number of elements.)
 */
export function structureIn(question: number, { datagram, start, end }: Message): string {
  const span = { start: start + NFGENMSG_BYTES, end }
  const text = ({ start: from, end: to }: Span): string => datagram.toString('latin1', from, to)
  if (question === NFT_MSG.GETSET) return [SET.NAME, SET.HANDLE].map((type) => text(attribute(datagram, span, type) ?? { start: 0, end: 0 })).join('')
  const table = attribute(datagram, span, CHAIN.TABLE) // of rules too
  return table !== undefined && textOf(datagram, table.start, table.end) === TABLE_NAME ? text(span) : ''
}
