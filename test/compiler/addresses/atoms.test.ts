// Atoms: the address space, cut by blocks. Each address is in the atom of exactly the blocks that contain it, however the blocks came.
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { type Address, type AddressRange, contains, familyOf, formatAddress, formatRange, parseCidr, successor } from '../../../src/cluster/address.ts'
import { AddressIndex } from '../../../src/compiler/addresses/address-index.ts'
import { Atoms } from '../../../src/compiler/addresses/atoms.ts'
import { sweep } from '../../../src/compiler/addresses/sweep.ts'
import type { BlockPredicate, Member } from '../../../src/compiler/model.ts'
import { Predicates, without } from '../../../src/compiler/peers/predicates.ts'
import type { BlockPeer } from '../../../src/policy/types.ts'
import { blockArb } from '../../arbitrary/policies.ts'
import { addressesOf, addressOf, POOL } from '../../arbitrary/pool.ts'
import { property } from '../../property.ts'

const V4 = addressesOf(POOL).filter((address) => familyOf(address) === 4)
const peersArb = fc.array(blockArb(V4), { maxLength: 6 })

/** A predicate for each peer, as rules with one peer have them. */
function blocksOf(peers: readonly BlockPeer[]): BlockPredicate[] {
  const predicates = new Predicates()
  return [...new Set(peers.flatMap((peer) => predicates.useBlocks([peer])))]
}

function range(text: string): AddressRange {
  return parseCidr(text)!
}

/** Every address at an end of a block, and its neighbours. */
function worthAsking(peers: readonly BlockPeer[]): Address[] {
  const ends = peers.flatMap(({ cidr, except }) => [cidr, ...except].flatMap(({ first, last }) => [first, last, successor(last) ?? last]))
  return [...new Set([...V4, ...ends, addressOf('0.0.0.0'), addressOf('255.255.255.255')])]
}

/** In the plainest words: in the block, and in none of the excepts. */
function isIn({ cidr, except }: BlockPeer, address: Address): boolean {
  return contains(cidr, address) && !except.some((hole) => contains(hole, address))
}

describe('a block without its excepts', () => {
  test.each<[string, string, string[], string[]]>([
    ['none', '10.0.0.0/8', [], ['10.0.0.0/8']],
    ['in the middle', '10.0.0.0/30', ['10.0.0.1/32'], ['10.0.0.0', '10.0.0.2/31']],
    ['at the beginning', '10.0.0.0/30', ['10.0.0.0/31'], ['10.0.0.2/31']],
    ['at the end', '10.0.0.0/30', ['10.0.0.2/31'], ['10.0.0.0/31']],
    ['side by side', '10.0.0.0/29', ['10.0.0.2/32', '10.0.0.3/32'], ['10.0.0.0/31', '10.0.0.4/30']],
    ['one in another', '10.0.0.0/29', ['10.0.0.4/30', '10.0.0.5/32'], ['10.0.0.0/30']],
    ['everything', '10.0.0.0/30', ['10.0.0.0/30'], []],
    ['outside', '10.0.0.0/30', ['10.0.1.0/24'], ['10.0.0.0/30']],
    ['of the other family', '10.0.0.0/30', ['::/0'], ['10.0.0.0/30']],
    ['at the end of the address space', '255.255.255.254/31', ['255.255.255.255/32'], ['255.255.255.254']],
    ['of everything', '0.0.0.0/0', ['0.0.0.0/1'], ['128.0.0.0/1']],
  ])('%s', (_, cidr, except, expected) => {
    expect(without(range(cidr), except.map(range)).map(formatRange)).toEqual(expected)
  })

  test('has the addresses that it should', () => {
    property(blockArb(V4), (peer) => {
      const left = without(peer.cidr, peer.except)
      for (const address of worthAsking([peer])) expect([formatAddress(address), left.some((each) => contains(each, address))]).toEqual([formatAddress(address), isIn(peer, address)])
    })
  })
})

describe('all blocks of a rule together', () => {
  test('have the addresses that one of them has, in ranges that neither touch nor overlap', () => {
    property(peersArb, (peers) => {
      const together = new Predicates().useBlocks(peers)
      const ranges = together.flatMap((each) => each.ranges)
      expect(together.length).toBeLessThanOrEqual(1) // one family
      for (const address of worthAsking(peers)) {
        const expected = peers.some((peer) => isIn(peer, address))
        expect([formatAddress(address), ranges.some((each) => contains(each, address))]).toEqual([formatAddress(address), expected])
      }
      for (const [at, { first, last }] of ranges.entries()) {
        expect(first <= last).toBe(true)
        const before = ranges[at - 1]
        if (before !== undefined) expect((successor(before.last) ?? before.last) < first).toBe(true)
      }
    })
  })
})

test('pieces cover all addresses without a gap, neighbours differ, and each has the blocks that contain it', () => {
  property(peersArb, (peers) => {
    const blocks = blocksOf(peers)
    const pieces = sweep(4, blocks)
    expect([pieces[0]?.first, pieces.at(-1)?.last]).toEqual([addressOf('0.0.0.0'), addressOf('255.255.255.255')])
    for (const [index, { last, set }] of pieces.entries()) {
      const next = pieces[index + 1]
      if (next === undefined) continue
      expect(successor(last)).toBe(next.first)
      expect(set).not.toBe(next.set)
    }
    for (const address of worthAsking(peers)) {
      const piece = pieces.find((each) => contains(each, address))!
      const expected = blocks.filter(({ ranges }) => ranges.some((each) => contains(each, address)))
      expect(piece.set.blocks).toEqual(expected)
    }
  })
})

describe('atoms', () => {
  function newAtoms(addresses: readonly Address[]): { atoms: Atoms; members: Member[] } {
    const index = new AddressIndex()
    const atoms = new Atoms(4, index)
    const members = addresses.map((address): Member => ({ address, claim: undefined, rivals: [], group: undefined, atom: undefined, class: undefined }))
    for (const member of members) {
      index.add(member)
      member.atom = atoms.of(member.address)
      index.enteredClass(member)
    }
    return { atoms, members }
  }

  /** First address of each piece → the blocks that hold in it. */
  function textOf({ intervals }: Atoms): string[] {
    return intervals.map(({ first, atom }) => `${formatAddress(first)} {${atom.set.key}}`)
  }

  test('whatever came and went, are those of the blocks that there are; and members are in theirs', () => {
    property(fc.record({ peers: peersArb, steps: fc.array(fc.array(fc.nat(), { maxLength: 4 }), { maxLength: 6 }) }), ({ peers, steps }) => {
      const blocks = blocksOf(peers)
      const { atoms, members } = newAtoms(V4)
      const held = new Set<BlockPredicate>()
      for (const step of steps) {
        const toggled = new Set(step.flatMap((index) => blocks[index % Math.max(1, blocks.length)] ?? []))
        const [added, removed] = [[...toggled].filter((block) => !held.has(block)), [...toggled].filter((block) => held.has(block))]
        const before = new Map(members.map((member) => [member, member.atom]))
        const { moved } = atoms.repartition(added, removed)
        for (const block of added) held.add(block)
        for (const block of removed) held.delete(block)
        const fresh = newAtoms([]).atoms
        fresh.repartition([...held], [])
        expect(textOf(atoms)).toEqual(textOf(fresh))
        for (const member of members) expect(member.atom).toBe(atoms.of(member.address))
        expect(new Set(moved)).toEqual(new Set(members.filter((member) => member.atom !== before.get(member))))
        for (const block of blocks) expect(new Set(atoms.having(block))).toEqual(new Set(atoms.intervals.map(({ atom }) => atom).filter(({ set }) => set.blocks.includes(block))))
      }
    }, 0.5)
  })

  test('what holds of all addresses of an atom from now on renames it, and moves nobody', () => {
    const { atoms, members } = newAtoms(V4)
    const [everything] = blocksOf([{ kind: 'block', cidr: range('0.0.0.0/0'), except: [] }])
    const { moved, renamed } = atoms.repartition([everything!], [])
    expect([moved, renamed]).toEqual([[], [{ atom: members[0]!.atom, difference: [everything] }]])
  })
})

describe('the index of addresses', () => {
  test('finds the members of a range that are in a class, as a look at all of them does', () => {
    const addressArb = fc.tuple(fc.constantFrom(0, 1, 2, 9), fc.nat(3), fc.constantFrom(0, 1, 7, 128, 255)).map(([a, b, c]) => addressOf(`10.${a}.${b}.${c}`))
    const rangeArb = fc.tuple(addressArb, addressArb).map(([a, b]): AddressRange => (a < b ? { first: a, last: b } : { first: b, last: a }))
    property(fc.record({ addresses: fc.uniqueArray(addressArb, { maxLength: 30 }), ranges: fc.array(rangeArb, { maxLength: 5 }), gone: fc.nat(), isClassed: fc.func(fc.boolean()) }), ({ addresses, ranges, gone, isClassed }) => {
      const index = new AddressIndex()
      const members = addresses.map((address): Member => ({ address, claim: undefined, rivals: [], group: undefined, atom: isClassed(address) ? ({} as never) : undefined, class: undefined }))
      for (const member of members) {
        index.add(member)
        if (member.atom !== undefined) index.enteredClass(member)
      }
      const [removed] = members.splice(gone % Math.max(1, members.length), 1)
      if (removed?.atom !== undefined) index.leftClass(removed)
      if (removed !== undefined) index.delete(removed)
      for (const each of ranges) {
        const expected = members.filter(({ address, atom }) => atom !== undefined && contains(each, address))
        expect(new Set(index.within(each))).toEqual(new Set(expected))
        expect(index.count(each)).toBe(expected.length)
      }
      for (const member of members) expect(index.get(member.address)).toBe(member)
      if (removed !== undefined) expect(index.get(removed.address)).toBeUndefined()
    })
  })
})
