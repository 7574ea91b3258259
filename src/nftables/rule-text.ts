// A rule as nft text, spelled as `nft list ruleset` of nft 1.0.6 spells it.
import { formatRange } from '../cluster/address.ts'
import { classidText } from './element-text.ts'
import type { Field, Rule, Statement } from './statement.ts'

const TRANSPORT = { 'tcp request': 'tcp flags syn / syn,ack', 'sctp request': 'meta l4proto sctp @th,96,8 0x1', 'tcp ack': 'tcp flags ack' } as const

/** @returns one line, without indentation and newline */
export function ruleText({ statements, comment }: Rule): string {
  return [...statements.map(statementText), ...(comment === undefined ? [] : [`comment "${comment}"`])].join(' ')
}

function statementText(statement: Statement): string {
  if ('match' in statement) return matchText(statement)
  if ('verdict' in statement) return 'chain' in statement ? `${statement.verdict} ${statement.chain}` : statement.verdict
  if ('set' in statement) {
    return `meta priority set ${'map' in statement ? `${keyText(statement.key)} map @${statement.map}` : statement.value}`
  }
  if ('count' in statement) return `counter name "${statement.count}"`
  if ('countIn' in statement) return `counter name ${keyText(statement.key)} map @${statement.countIn}`
  if ('limit' in statement) return `limit rate ${statement.limit.perSecond}/second burst ${statement.limit.burst} packets`
  const { prefix, group, snaplen } = statement.log
  return `log prefix "${prefix}" group ${group} snaplen ${snaplen}`
}

function matchText(statement: Extract<Statement, { match: unknown }>): string {
  switch (statement.match) {
    case 'set':
      return `${keyText(statement.key)} @${statement.set}`
    case 'address':
      return `${statement.field} ${formatRange(statement.range)}`
    case 'icmpv6':
      return `icmpv6 type ${statement.first}-${statement.last}`
    case 'hop limit':
      return `ip6 hoplimit ${statement.value}`
    case 'ct state':
      return `ct state ${statement.states.join(',')}`
    case 'ether type':
      return `ether type ${statement.type}`
    case 'protocol':
      return `meta l4proto ${statement.protocol}`
    case 'transport':
      return TRANSPORT[statement.is]
    case 'priority':
      return `meta priority & ${classidText(statement.mask)} == ${classidText(statement.bits)}`
  }
}

function keyText(key: readonly Field[]): string {
  return key.join(' . ')
}
