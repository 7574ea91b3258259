// The addresses that random clusters use: few, so that pods, blocks and flows meet. A packet lab gives its real ones instead.
import { type Address, parseAddress } from '../../src/cluster/address.ts'

/** One place where a pod can be: its addresses and the node it is on. */
export interface Slot {
  readonly v4: Address
  readonly v6: Address
  readonly node: string
}

export interface AddressPool {
  readonly slots: readonly Slot[]
  /** Addresses that are no pod's; hostNetwork pods have these. */
  readonly outside: readonly Address[]
  /** Names of random nodes, which have addresses of outside. In a packet lab not those that enforce: their addresses are theirs. */
  readonly nodeNames: readonly string[]
}

export const NODES = ['node-a', 'node-b'] as const

/** Ten neighbouring slots, the first six on node-a, and outside addresses near and far. */
export const POOL: AddressPool = {
  slots: Array.from({ length: 10 }, (_, index) => ({
    v4: addressOf(`10.0.0.${index + 10}`),
    v6: addressOf(`fd00::${(index + 10).toString(16)}`),
    node: index < 6 ? NODES[0] : NODES[1],
  })),
  outside: ['10.0.0.1', '10.0.1.10', '203.0.113.7', 'fd00::1', 'fd00:0:0:1::10', '2001:db8::7'].map(addressOf),
  nodeNames: [...NODES, 'node-c'],
}

/** Every pod is on the first node: more of them share policies. */
export const ALL_LOCAL: AddressPool = { ...POOL, slots: POOL.slots.map((slot) => ({ ...slot, node: NODES[0] })) }

export function addressOf(text: string): Address {
  const address = parseAddress(text)
  if (address === undefined) throw new Error(`not an address: ${text}`)
  return address
}

export function addressesOf(pool: AddressPool): Address[] {
  return [...pool.slots.flatMap(({ v4, v6 }) => [v4, v6]), ...pool.outside]
}
