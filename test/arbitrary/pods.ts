// Random pods and namespaces: few names, labels and slots, so that they collide as they do in real clusters over time.
import fc from 'fast-check'
import type { Labels, NamedPort, Namespace, Pod } from '../../src/cluster/objects.ts'
import { type AddressPool, NODES, type Slot } from './pool.ts'

/** In all these lists repeated ones come more often. */
export const NAMESPACES = ['x', 'x', 'x', 'y', 'y', 'z', 'w'] as const
export const LABELS = { app: ['a', 'a', 'b', 'c'], tier: ['', 'web'], constructor: ['a'] } as const
export const NAMESPACE_LABELS = { team: ['red', 'blue'], stage: [''], 'kubernetes.io/metadata.name': NAMESPACES } as const
export const PORT_NAMES = ['web', 'web', 'web', 'dns', 'sig'] as const
export const PORT_NUMBERS = [80, 80, 81, 443, 8080, 65_535] as const
export const PROTOCOLS = ['TCP', 'TCP', 'TCP', 'UDP', 'SCTP'] as const

const POD_NAMES = ['p0', 'p1', 'p2', 'p3', 'p4', 'p5', 'p6', 'p7'] as const

/** True once in `weight + 1` times. */
function rarely(weight: number): fc.Arbitrary<boolean> {
  return fc.oneof({ weight, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) })
}

export function podArb(pool: AddressPool): fc.Arbitrary<Pod> {
  return fc
    .record({
      namespace: fc.constantFrom(...NAMESPACES),
      name: fc.constantFrom(...POD_NAMES),
      uid: fc.constantFrom('1', '2'),
      labels: labelsArb,
      place: placeArb(pool),
      phase: fc.constantFrom('Running', 'Running', 'Running', 'Pending', 'Unknown'),
      terminating: rarely(5),
      ports: portsArb,
      faulty: rarely(25),
    })
    .map(({ place, ...rest }) => ({ ...rest, ...place }))
}

export const namespaceArb: fc.Arbitrary<Namespace> = fc
  .record({
    name: fc.constantFrom(...NAMESPACES),
    labels: fc.record(
      { team: fc.constantFrom(...NAMESPACE_LABELS.team), stage: fc.constantFrom(...NAMESPACE_LABELS.stage) },
      { requiredKeys: [] },
    ),
  })
  .map(({ name, labels }) => ({ name, labels: { ...labels, 'kubernetes.io/metadata.name': name } }))

const labelsArb: fc.Arbitrary<Labels> = fc
  .tuple(optionFrom(LABELS.app, 1), optionFrom(LABELS.tier, 2), optionFrom(LABELS.constructor, 6))
  .map(([app, tier, constructor]) => defined({ app, tier, constructor }))

const portArb: fc.Arbitrary<NamedPort> = fc.record({
  name: fc.constantFrom(...PORT_NAMES),
  protocol: fc.constantFrom(...PROTOCOLS),
  port: fc.constantFrom(...PORT_NUMBERS),
})

/** One name may stand for several numbers and protocols, as with sidecars; sorted and unique as in Pod. */
const portsArb = fc.uniqueArray(portArb, { minLength: 1, maxLength: 4, selector: portText }).map((ports) => ports.sort(byText))

type Place = Pick<Pod, 'addresses' | 'nodeName' | 'hostNetwork'>

function placeArb(pool: AddressPool): fc.Arbitrary<Place> {
  return fc
    .record({
      slot: fc.constantFrom(...pool.slots),
      families: fc.constantFrom('both', 'both', 'both', 'v4', 'v6', 'none'),
      nodeName: fc.oneof({ weight: 12, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: fc.constantFrom(...NODES, '') }),
      hostNetwork: rarely(10),
      host: fc.constantFrom(...pool.outside),
    })
    .map(({ slot, families, nodeName, hostNetwork, host }) => ({
      addresses: hostNetwork ? [host] : slotAddresses(slot, families),
      nodeName: nodeName ?? slot.node,
      hostNetwork,
    }))
}

function slotAddresses({ v4, v6 }: Slot, families: 'both' | 'v4' | 'v6' | 'none'): Pod['addresses'] {
  return { both: [v4, v6], v4: [v4], v6: [v6], none: [] }[families]
}

/** A value, or undefined once in `present + 1` times. */
function optionFrom(values: readonly string[], absent: number): fc.Arbitrary<string | undefined> {
  const value = fc.constantFrom(...values)
  return fc.oneof({ weight: 4, arbitrary: value }, { weight: absent, arbitrary: fc.constant(undefined) })
}

function defined(labels: Readonly<Record<string, string | undefined>>): Labels {
  return Object.fromEntries(Object.entries(labels).filter((entry): entry is [string, string] => entry[1] !== undefined))
}

function byText(a: NamedPort, b: NamedPort): number {
  return portText(a) < portText(b) ? -1 : 1
}

function portText({ name, protocol, port }: NamedPort): string {
  return `${name} ${protocol} ${String(port).padStart(5, '0')}`
}
