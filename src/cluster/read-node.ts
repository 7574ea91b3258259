// core/v1 Node -> its labels and addresses, which peers of ClusterNetworkPolicies ask for.
import { type Address, parseAddress } from './address.ts'
import type { NodeChange, Problem } from './change.ts'
import { type Place, field, isObject, items, quote, report, rootPlace } from './fields.ts'
import { isDnsSubdomain } from './identity.ts'
import { type ChangeReading, readLabels } from './read-pod.ts'

/** Types that hold an IP address; others may hold names. */
const IP_TYPES: ReadonlySet<unknown> = new Set(['InternalIP', 'ExternalIP'])

/**
 * Reads a Node. Without readable labels it counts as one without labels.
 * @param object as parsed from JSON or YAML
 */
export function readNode(object: unknown): ChangeReading<NodeChange> {
  const root = rootPlace(object, 'the node is ignored')
  const metadata = field(root, 'metadata')
  const name = isObject(root) ? readNodeName(field(metadata, 'name')) : null
  const problems = (of: string): Problem[] => root.findings.map((finding) => ({ object: of, ...finding }))
  if (name === null) return { change: undefined, problems: problems('Node') }
  const labels = readLabels(field(metadata, 'labels', 'the node counts as one without labels')) ?? {}
  const addresses = readAddresses(field(field(root, 'status'), 'addresses', 'peers that select the node match nothing'))
  return { change: { kind: 'node', key: name, now: { name, labels, addresses } }, problems: problems(`Node ${name}`) }
}

function readNodeName(place: Place): string | null {
  const { value } = place
  return typeof value === 'string' && isDnsSubdomain(value) ? value : report(place, `${quote(value)} is not a name of a node`)
}

function readAddresses(place: Place): Address[] {
  const addresses = items(place, 'peers that select the node do not match this address')?.map(readAddress) ?? []
  return [...new Set(addresses.filter((address) => address !== null))]
}

/** null (reported only if an IP address should be there): not an IP address. */
function readAddress(place: Place): Address | null {
  const { value } = field(place, 'address')
  const address = typeof value === 'string' ? parseAddress(value) : undefined
  if (address !== undefined) return address
  return IP_TYPES.has(field(place, 'type').value) ? report(field(place, 'address'), `${quote(value)} is not an IP address`) : null
}
