// NetworkPolicyPeer and IPBlock -> Peer.
import { type AddressRange, contains, parseCidr } from '../cluster/address.ts'
import { type Place, field, hasOnly, isMissing, isObject, items, quote, report } from '../cluster/fields.ts'
import { readSelector } from './read-selector.ts'
import { EVERYTHING } from './selector.ts'
import type { BlockPeer, Peer, PodPeer } from './types.ts'

const PEER_FIELDS = new Set(['podSelector', 'namespaceSelector', 'ipBlock'])
const BLOCK_FIELDS = new Set(['cidr', 'except'])

/** One entry of `from` or `to`; null (reported) if it is wrong: it then matches nothing. */
export function readPeer(place: Place): Peer | null {
  if (!isObject(place) || !hasOnly(place, PEER_FIELDS)) return null
  const pods = field(place, 'podSelector')
  const namespaces = field(place, 'namespaceSelector')
  const block = field(place, 'ipBlock')
  const selects = !isMissing(pods) || !isMissing(namespaces)
  if (isMissing(block)) return selects ? readPodPeer(pods, namespaces) : report(place, 'must specify a peer')
  return selects ? report(place, 'ipBlock cannot stand beside a selector') : readBlock(block)
}

function readPodPeer(pods: Place, namespaces: Place): PodPeer | null {
  const byNamespace = isMissing(namespaces) ? 'own' : readSelector(namespaces)
  const byPod = isMissing(pods) ? EVERYTHING : readSelector(pods)
  return byNamespace === null || byPod === null ? null : { kind: 'pods', namespaces: byNamespace, pods: byPod }
}

function readBlock(place: Place): BlockPeer | null {
  if (!isObject(place) || !hasOnly(place, BLOCK_FIELDS)) return null
  const cidr = readCidr(field(place, 'cidr'))
  const entries = items(field(place, 'except'))
  if (cidr === null || entries === null) return null
  const except = entries.map((entry) => readExcept(entry, cidr))
  return except.includes(null) ? null : { kind: 'block', cidr, except: except.filter((each) => each !== 'outside') as AddressRange[] }
}

/** What to subtract from `cidr`; 'outside' (reported) if that is nothing, null (reported) if that is unknown or everything. */
function readExcept(place: Place, cidr: AddressRange): AddressRange | 'outside' | null {
  const except = readCidr(place)
  if (except === null) return null
  if (except.first.length !== cidr.first.length) return report(place, `${quote(place.value)} is of another IP family than cidr`)
  if (contains(except, cidr.first) && contains(except, cidr.last)) return report(place, `${quote(place.value)} excepts the whole cidr`)
  if (contains(cidr, except.first)) return except
  report(place, `${quote(place.value)} is outside of cidr`, 'nothing is excepted by it')
  return 'outside'
}

/** A CIDR, its host bits masked off; null (reported) if it is missing or wrong. */
export function readCidr(place: Place): AddressRange | null {
  if (isMissing(place)) return report(place, 'missing')
  const range = typeof place.value === 'string' ? parseCidr(place.value) : undefined
  return range ?? report(place, `${quote(place.value)} is no CIDR such as 10.0.0.0/8 or fd00::/64`)
}
