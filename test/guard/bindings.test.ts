// Which veth is whose, by every kind of evidence, and the elements that follow from it.
import { describe, expect, test } from '@jest/globals'
import { parseAddress, type Address } from '../../src/cluster/address.ts'
import type { Pod } from '../../src/cluster/objects.ts'
import type { Veth } from '../../src/cluster/veth.ts'
import { bindPods, evidenceOf, guardElements, type Bindings } from '../../src/guard/bindings.ts'

function addresses(texts: readonly string[]): Address[] {
  return texts.map((text) => parseAddress(text)!)
}

function pod(name: string, texts: readonly string[], hostNetwork = false): Pod {
  return {
    namespace: 'shop', name, uid: name, labels: {}, nodeName: 'node0', addresses: addresses(texts), hostNetwork,
    phase: 'Running', terminating: false, ports: [], faulty: false,
  }
}

interface Known {
  readonly inside?: readonly string[]
  readonly routed?: readonly string[]
  readonly learned?: readonly string[]
  readonly bridge?: string
}

function veth(ifname: string, { inside = [], routed = [], learned = [], bridge }: Known): Veth {
  return {
    ifindex: Number(ifname.replace(/\D/g, '')), ifname, bridge,
    addresses: addresses(inside), linkLocal: [], routed: addresses(routed), learned: addresses(learned),
  }
}

/** `pod → veth` of each binding, and the pods without one with the reason. */
function outcome({ bindings, unbound }: Bindings): Record<string, string> {
  return Object.fromEntries([
    ...Array.from(bindings, ([key, { ifname }]) => [key.replace('shop/', ''), ifname] as const),
    ...unbound.map(({ pod: key, why }) => [key.replace('shop/', ''), why] as const),
  ])
}

interface Case {
  readonly name: string
  readonly pods: readonly Pod[]
  readonly veths: readonly Veth[]
  readonly expected: Record<string, string>
}

const CASES: readonly Case[] = [
  {
    name: 'an address inside decides, against route and learned entry',
    pods: [pod('a', ['10.0.0.1'])],
    veths: [veth('v1', { inside: ['10.0.0.1'] }), veth('v2', { routed: ['10.0.0.1'] }), veth('v3', { learned: ['10.0.0.1'] })],
    expected: { a: 'v1' },
  },
  {
    name: 'a host route, where no address is seen inside',
    pods: [pod('a', ['10.0.0.1'])],
    veths: [veth('v2', { routed: ['10.0.0.1'] }), veth('v3', { learned: ['10.0.0.1'] })],
    expected: { a: 'v2' },
  },
  {
    name: 'a learned entry, where there is nothing else',
    pods: [pod('a', ['10.0.0.1'])],
    veths: [veth('v3', { learned: ['10.0.0.1'] }), veth('v1', { inside: ['10.0.0.9'] })],
    expected: { a: 'v3' },
  },
  {
    name: 'pods on the node’s network and pods without an address are nobody’s',
    pods: [pod('host', ['10.0.0.1'], true), pod('new', [])],
    veths: [veth('v1', { inside: ['10.0.0.1'] })],
    expected: {},
  },
  {
    name: 'no veth at all',
    pods: [pod('a', ['10.0.0.1', 'fd00::1'])],
    veths: [veth('v1', { inside: ['10.0.0.2'] })],
    expected: { a: 'no veth on this node leads to 10.0.0.1, fd00::1' },
  },
  {
    name: 'both families on one veth; a family that is not known yet is no objection',
    pods: [pod('a', ['10.0.0.1', 'fd00::1']), pod('b', ['10.0.0.2', 'fd00::2'])],
    veths: [veth('v1', { inside: ['10.0.0.1', 'fd00::1'] }), veth('v2', { inside: ['10.0.0.2'] })],
    expected: { a: 'v1', b: 'v2' },
  },
  {
    name: 'families that lead to different veths',
    pods: [pod('a', ['10.0.0.1', 'fd00::1'])],
    veths: [veth('v1', { inside: ['10.0.0.1'] }), veth('v2', { inside: ['fd00::1'] })],
    expected: { a: 'its addresses lead to more than one veth: 10.0.0.1 to v1, fd00::1 to v2' },
  },
  {
    name: 'a pod that sets another’s address inside itself gains nothing: its veth is known to be its own',
    pods: [pod('victim', ['10.0.0.1']), pod('thief', ['10.0.0.2'])],
    veths: [veth('v1', { inside: ['10.0.0.1'] }), veth('v2', { inside: ['10.0.0.1', '10.0.0.2'] })],
    expected: { victim: 'v1', thief: 'v2' },
  },
  {
    name: 'a chain of such claims resolves from its certain end',
    pods: [pod('a', ['10.0.0.1']), pod('b', ['10.0.0.2']), pod('c', ['10.0.0.3'])],
    veths: [
      veth('v1', { inside: ['10.0.0.1'] }),
      veth('v2', { inside: ['10.0.0.1', '10.0.0.2'] }),
      veth('v3', { inside: ['10.0.0.2', '10.0.0.3', '10.0.0.1'] }),
    ],
    expected: { a: 'v1', b: 'v2', c: 'v3' },
  },
  {
    name: 'where two veths may be meant, the host route decides',
    pods: [pod('a', ['10.0.0.1'])],
    veths: [veth('v1', { inside: ['10.0.0.1'] }), veth('v2', { inside: ['10.0.0.1'], routed: ['10.0.0.1'] })],
    expected: { a: 'v2' },
  },
  {
    name: 'where nothing decides, neither is taken',
    pods: [pod('a', ['10.0.0.1'])],
    veths: [veth('v1', { inside: ['10.0.0.1'] }), veth('v2', { inside: ['10.0.0.1'], learned: ['10.0.0.1'] })],
    expected: { a: 'its addresses lead to more than one veth: 10.0.0.1 to v1, 10.0.0.1 to v2' },
  },
  {
    name: 'an address given to the next pod before the last one’s object is gone',
    pods: [pod('old', ['10.0.0.1']), pod('next', ['10.0.0.1'])],
    veths: [veth('v2', { inside: ['10.0.0.1'] })],
    expected: { old: 'v2', next: 'v2' },
  },
]

describe('binding', () => {
  test.each(CASES)('$name', ({ pods, veths, expected }) => {
    expect(outcome(bindPods(pods, evidenceOf(veths)))).toEqual(expected)
    expect(outcome(bindPods(pods.toReversed(), evidenceOf(veths.toReversed())))).toMatchObject(sortedReasons(expected))
  })

  test('a binding has the addresses of the pod’s status, not those set inside it', () => {
    const { bindings } = bindPods([pod('a', ['10.0.0.1', 'fd00::1'])], evidenceOf([veth('v1', { inside: ['10.0.0.1', '10.0.0.66'], bridge: 'cni0' })]))
    expect(Array.from(bindings.values())).toEqual([{ uid: 'a', ifindex: 1, ifname: 'v1', bridged: true, addresses: addresses(['10.0.0.1', 'fd00::1']) }])
  })
})

describe('a binding that was made', () => {
  const before = bindPods(
    [pod('a', ['10.0.0.1']), pod('b', ['10.0.0.2'])],
    evidenceOf([veth('v1', { inside: ['10.0.0.1'] }), veth('v2', { inside: ['10.0.0.2'] })]),
  ).bindings
  const again = (pods: readonly Pod[], veths: readonly Veth[]): Record<string, string> => outcome(bindPods(pods, evidenceOf(veths), before))
  const [a, b] = [pod('a', ['10.0.0.1']), pod('b', ['10.0.0.2'])]

  test('stays when the pod has no address inside any more, another one, or that of another pod', () => {
    for (const inside of [[], ['10.9.9.9'], ['10.0.0.2']]) {
      expect(again([a, b], [veth('v1', { inside }), veth('v2', { inside: ['10.0.0.2'] })])).toEqual({ a: 'v1', b: 'v2' })
    }
  })

  test('stays when two pods seem to have changed places', () => {
    const veths = [veth('v1', { inside: ['10.0.0.2'], routed: ['10.0.0.2'] }), veth('v2', { inside: ['10.0.0.1'], routed: ['10.0.0.1'] })]
    expect(again([a, b], veths)).toEqual({ a: 'v1', b: 'v2' })
  })

  test('keeps its veth from a new pod, whose address was set inside it', () => {
    const veths = [veth('v1', { inside: ['10.0.0.1', '10.0.0.3'] })]
    expect(again([a, pod('c', ['10.0.0.3'])], veths)).toEqual({ a: 'v1', c: 'its addresses lead to a veth that is another pod\'s: 10.0.0.3 to v1' })
    expect(again([a, pod('c', ['10.0.0.3'])], [...veths, veth('v3', { inside: ['10.0.0.3'] })])).toEqual({ a: 'v1', c: 'v3' })
  })

  test('shares its veth with a pod of the same address', () => {
    expect(again([a, pod('next', ['10.0.0.1'])], [veth('v1', { inside: ['10.0.0.1'] })])).toEqual({ a: 'v1', next: 'v1' })
  })

  test('follows the veth to another name and into a bridge, and the pod to its second address', () => {
    const renamed = { ...veth('v7', { bridge: 'cni0' }), ifindex: 1 }
    const { bindings } = bindPods([pod('a', ['10.0.0.1', 'fd00::1'])], evidenceOf([renamed]), before)
    expect([...bindings.values()]).toEqual([{ uid: 'a', ifindex: 1, ifname: 'v7', bridged: true, addresses: addresses(['10.0.0.1', 'fd00::1']) }])
  })

  test('ends with the veth', () => {
    expect(again([a], [veth('v9', { inside: ['10.0.0.1'] })])).toEqual({ a: 'v9' })
  })

  test('ends with the pod: one of the same name is another', () => {
    const veths = [veth('v1', { inside: [] }), veth('v9', { inside: ['10.0.0.1'] })]
    expect(again([{ ...a, uid: 'a2' }], veths)).toEqual({ a: 'v9' })
  })
})

/** The order of veths shows in the reasons only; those are compared in one order. */
function sortedReasons(expected: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(expected).filter(([, veth]) => /^v\d$/.test(veth)))
}

describe('elements', () => {
  const keys = (map: ReturnType<typeof guardElements>): Record<string, string[]> =>
    Object.fromEntries(Array.from(map, ([set, elements]) => [set, Array.from(elements.keys(), hex)]))
  const hex = (key: string): string => Buffer.from(key, 'latin1').toString('hex')

  test('a routed veth: name, and name with each address', () => {
    const { bindings } = bindPods([pod('a', ['10.0.0.1', 'fd00::1'])], evidenceOf([veth('v1', { inside: ['10.0.0.1'] })]))
    const name = '76310000000000000000000000000000'
    expect(keys(guardElements(bindings, () => false))).toEqual({
      veths: [name],
      veth4: [`${name}0a000001`],
      veth6: [`${name}fd000000000000000000000000000001`],
    })
    expect(keys(guardElements(bindings, (key, way) => key === 'shop/a' && way === 'own'))).toMatchObject({ closed_own: [name] })
    expect([...guardElements(bindings, (_, way) => way !== 'own').keys()]).toEqual(['veths', 'veth4', 'veth6'])
  })

  test('a bridge port: the sets of the bridge table', () => {
    const { bindings } = bindPods([pod('a', ['10.0.0.1'])], evidenceOf([veth('v1', { inside: ['10.0.0.1'], bridge: 'cni0' })]))
    const name = '76310000000000000000000000000000'
    expect(keys(guardElements(bindings, () => false))).toEqual({ ports: [name], port4: [`${name}0a000001`] })
    expect(keys(guardElements(bindings, (key, way) => key === 'shop/a' && way === 'in'))).toEqual({ ports: [name], closed: [name], port4: [`${name}0a000001`] })
    expect(keys(guardElements(bindings, (_, way) => way !== 'in'))).toEqual({ ports: [name], closed_out: [name], port4: [`${name}0a000001`] })
  })

  test('two pods on one veth: what either may send', () => {
    const { bindings } = bindPods([pod('a', ['10.0.0.1']), pod('b', ['10.0.0.2'])], evidenceOf([veth('v1', { inside: ['10.0.0.1', '10.0.0.2'] })]))
    const elements = guardElements(bindings, () => true)
    expect(elements.get('veths')?.size).toBe(1)
    expect(elements.get('veth4')?.size).toBe(2)
  })

  test('no bindings, no elements', () => {
    expect(guardElements(new Map(), () => true).size).toBe(0)
  })
})
