// Named container ports of a Pod's spec. A port that cannot be read has no name: rules that use the name do not match.
import { type Place, field, isMissing, items, quote, report } from './fields.ts'
import type { NamedPort } from './objects.ts'
import { isPortName, isPortNumber, readProtocol } from './port.ts'

const NAMELESS = 'no rule matches this port by name'

/** Ports of the containers and of the sidecars (init containers with restartPolicy Always), sorted and without duplicates. */
export function readNamedPorts(spec: Place): NamedPort[] {
  const containers = items(field(spec, 'containers', NAMELESS)) ?? []
  const sidecars = items(field(spec, 'initContainers', NAMELESS))?.filter(isSidecar) ?? []
  const ports = [...containers, ...sidecars].flatMap((container) => items(field(container, 'ports')) ?? []).flatMap(readPort)
  return ports.sort(compare).filter((port, index, sorted) => {
    const before = sorted[index - 1]
    return before === undefined || compare(before, port) !== 0
  })
}

function isSidecar(container: Place): boolean {
  return field(container, 'restartPolicy').value === 'Always'
}

/** The port if it has a name, as a list of one. */
function readPort(place: Place): NamedPort[] {
  const name = field(place, 'name')
  if (isMissing(name) || name.value === '') return []
  const number = field(place, 'containerPort')
  const protocol = readProtocol(field(place, 'protocol'))
  if (typeof name.value !== 'string' || !isPortName(name.value)) report(name, `${quote(name.value)} is no port name`)
  else if (!isPortNumber(number.value)) report(number, `${quote(number.value)} is not a port (1 to 65535)`)
  else if (protocol !== null) return [{ name: name.value, protocol, port: number.value }]
  return []
}

/** By name, protocol, port. */
function compare(a: NamedPort, b: NamedPort): number {
  if (a.name !== b.name) return a.name < b.name ? -1 : 1
  if (a.protocol !== b.protocol) return a.protocol < b.protocol ? -1 : 1
  return a.port - b.port
}
