// Predicates: equal questions are one object, alive while anybody asks.
import { beforeEach, describe, expect, test } from '@jest/globals'
import { formatRange, parseCidr } from '../../../src/cluster/address.ts'
import type { BlockPredicate } from '../../../src/compiler/model.ts'
import { Predicates } from '../../../src/compiler/peers/predicates.ts'
import type { BlockPeer, PodPeer, Selector } from '../../../src/policy/types.ts'

const EVERYTHING: Selector = { requirements: [] }
const WEB: Selector = { requirements: [{ key: 'app', operator: 'In', values: ['web'] }] }

let predicates: Predicates
beforeEach(() => {
  predicates = new Predicates()
})

function pods(namespaces: PodPeer['namespaces'], selector: Selector): PodPeer {
  return { kind: 'pods', namespaces, pods: selector }
}

function block(cidr: string, ...except: readonly string[]): BlockPeer {
  return { kind: 'block', cidr: parseCidr(cidr)!, except: except.map((each) => parseCidr(each)!) }
}

/** The predicate of a rule with this block alone. */
function useBlock(cidr: string, ...except: readonly string[]): BlockPredicate {
  const [only] = predicates.useBlocks([block(cidr, ...except)])
  return only!
}

describe('the same question is one predicate', () => {
  test('pods: by namespaces and labels', () => {
    const own = predicates.usePods([pods('own', WEB)], 'x')
    expect(predicates.usePods([pods('own', WEB)], 'x')).toBe(own)
    const others = [predicates.usePods([pods('own', WEB)], 'y'), predicates.usePods([pods('own', EVERYTHING)], 'x'), predicates.usePods([pods(EVERYTHING, WEB)], 'x')]
    expect(new Set([own, ...others]).size).toBe(4)
    expect(predicates.usePods([pods(EVERYTHING, WEB)], 'y')).toBe(others[2])
  })

  test('blocks: by the addresses that are left, however they are written', () => {
    const half = useBlock('10.0.0.0/24', '10.0.0.128/25')
    expect(useBlock('10.0.0.0/25')).toBe(half)
    expect(useBlock('10.0.0.0/25', '10.0.0.5/32', '10.0.0.4/32')).toBe(useBlock('10.0.0.0/25', '10.0.0.4/31'))
    expect(useBlock('10.0.0.128/25')).not.toBe(half)
  })

  test('all peers of a kind together, in any order, however often each is named', () => {
    const [web, all] = [pods('own', WEB), pods('own', EVERYTHING)]
    const either = predicates.usePods([web, all], 'x')
    expect(predicates.usePods([all, web, all], 'x')).toBe(either)
    expect(either.any).toHaveLength(2)
    expect(predicates.usePods([web], 'x')).not.toBe(either)
    const [one, other] = [{ kind: 'nodes', nodes: WEB }, { kind: 'nodes', nodes: EVERYTHING }] as const
    const nodes = predicates.useNodes([one, other])
    expect(predicates.useNodes([other, one, other])).toBe(nodes)
    expect(nodes.any).toHaveLength(2)
  })

  test('blocks of one family together, joined where they touch', () => {
    const joined = predicates.useBlocks([block('10.0.0.128/25'), block('fd00::/8'), block('10.0.0.0/25'), block('192.0.2.0/24')])
    expect(joined.map(({ ranges }) => ranges.map(formatRange))).toEqual([['10.0.0.0/24', '192.0.2.0/24'], ['fd00::/8']])
    expect(predicates.useBlocks([block('192.0.2.0/24'), block('10.0.0.0/24')])).toEqual([joined[0]])
    expect(predicates.useBlocks([block('10.0.0.0/24', '10.0.0.0/25', '10.0.0.128/25')])).toEqual([])
    expect(predicates.useBlocks([])).toEqual([])
  })

  test('nodes and names; a name is another in each protocol', () => {
    expect(predicates.useNodes([{ kind: 'nodes', nodes: WEB }])).toBe(predicates.useNodes([{ kind: 'nodes', nodes: WEB }]))
    const web = predicates.useName({ kind: 'name', protocol: 'TCP', name: 'web' })
    expect([predicates.name('TCP', 'web'), predicates.name('UDP', 'web')]).toEqual([web, undefined])
    expect(predicates.port(web, 80)).toBe(predicates.port(web, 80))
    expect([...predicates.portsOf(web)]).toEqual([predicates.port(web, 80)])
  })

  test('ids grow, over all kinds', () => {
    const ids = [predicates.usePods([pods('own', WEB)], 'x'), useBlock('10.0.0.0/8'), predicates.useName({ kind: 'name', protocol: 'TCP', name: 'web' })].map(({ id }) => id)
    expect(ids).toEqual([1, 2, 3])
  })
})

describe('in use', () => {
  test('what is asked for the first time is added, what nobody asks any more is removed', () => {
    const web = predicates.usePods([pods('own', WEB)], 'x')
    predicates.usePods([pods('own', WEB)], 'x')
    expect([predicates.takeAdded(), predicates.takeAdded()]).toEqual([[web], []])
    predicates.release(web)
    expect(predicates.takeRemoved()).toEqual([])
    predicates.release(web)
    expect([predicates.takeRemoved(), predicates.takeRemoved()]).toEqual([[web], []])
    expect(predicates.usePods([pods('own', WEB)], 'x')).not.toBe(web)
  })

  test('what is asked again before it was taken away stays', () => {
    const web = predicates.usePods([pods('own', WEB)], 'x')
    predicates.takeAdded()
    predicates.release(web)
    expect(predicates.usePods([pods('own', WEB)], 'x')).toBe(web)
    expect([predicates.takeRemoved(), predicates.takeAdded()]).toEqual([[], []])
  })

  test('what came and went in between is only removed', () => {
    predicates.release(useBlock('10.0.0.0/8'))
    expect([predicates.takeRemoved().length, predicates.takeAdded()]).toEqual([1, []])
  })

  test('a name takes its numbers along', () => {
    const web = predicates.useName({ kind: 'name', protocol: 'TCP', name: 'web' })
    const numbers = [predicates.port(web, 80), predicates.port(web, 81)]
    predicates.release(web)
    expect(predicates.takeRemoved()).toEqual(numbers)
    expect([predicates.name('TCP', 'web'), [...predicates.portsOf(web)]]).toEqual([undefined, []])
  })
})
