// ipBlocks of Services: a packet to a Service is judged when it has the address of one of its pods already.
import { type AddressRange, contains, formatRange } from '../cluster/address.ts'
import type { BlockPeer } from '../policy/types.ts'
import { peersOf, type RulePlace } from './rule-place.ts'
import type { Remarks } from './warning.ts'

const WHY = {
  ingress: 'packets come from the addresses of pods, nodes and the outside, never from that of a Service; name these instead',
  egress: 'packets to a Service are judged after they were sent on to one of its endpoints; name these instead, by a podSelector and their own ports',
} as const

/** Blocks, and exceptions from blocks, that are all Services. A wider one matches other addresses, and is left alone. */
export function* servicesInBlocks(place: RulePlace, serviceRanges: readonly AddressRange[]): Remarks {
  const { rule, direction } = place
  if (rule.peers === 'any' || serviceRanges.length === 0) return
  for (const [index, peer] of rule.peers.entries()) {
    yield undefined
    if (peer.kind !== 'block') continue
    for (const { step, range, effect } of partsOf(peer)) {
      const services = serviceRanges.find((each) => contains(each, range.first) && contains(each, range.last))
      if (services === undefined) continue
      const message = `${formatRange(range)} ${effect}: it is inside the Services' range ${formatRange(services)}, and ${WHY[direction]}`
      yield { part: `${peersOf(place)}[${index}].ipBlock.${step}`, message }
      if (step === 'cidr') break // and its exceptions with it
    }
  }
}

function partsOf({ cidr, except }: BlockPeer): { step: string; range: AddressRange; effect: string }[] {
  const excepts = except.map((range, index) => ({ step: `except[${index}]`, range, effect: 'excepts nothing' }))
  return [{ step: 'cidr', range: cidr, effect: 'matches nothing' }, ...excepts]
}
