// The sets, maps and counters of the program as data: what the compiler fills, and what both back ends create.
import { padded } from '../base/padded.ts'

/** Key fields by their nft type names. In a concatenation each field is padded to 4 bytes. */
export type FieldType = 'classid' | 'ipv4_addr' | 'ipv6_addr' | 'inet_proto' | 'inet_service' | 'ifname'

/** The agent's tables, by nft family; both are named `vethguard`. `bridge` holds only what guards bridge ports. */
export type TableFamily = 'inet' | 'bridge'

export const TABLE_NAME = 'vethguard'

export interface SetSchema {
  readonly family: TableFamily
  readonly key: readonly FieldType[]
  /** none: a set. 'classid': a data map. 'counter': an object map of named counters. */
  readonly data?: 'classid' | 'counter'
  /** Keys are ranges, both ends inclusive. */
  readonly interval?: true
}

/** Bytes of one field in a register, and the nft data type number (nftables `enum datatypes`) that `nft list` needs. */
export const FIELD: Readonly<Record<FieldType, { readonly bytes: number; readonly type: number }>> = {
  classid: { bytes: 4, type: 23 },
  ipv4_addr: { bytes: 4, type: 7 },
  ipv6_addr: { bytes: 16, type: 8 },
  inet_proto: { bytes: 1, type: 12 },
  inet_service: { bytes: 2, type: 13 },
  ifname: { bytes: 16, type: 41 },
}

/** Bytes that a field takes in a key: those of a concatenation are padded. */
export function fieldBytes(key: readonly FieldType[], field: FieldType): number {
  const { bytes } = FIELD[field]
  return key.length === 1 ? bytes : padded(bytes)
}

const ADDRESS = { 4: 'ipv4_addr', 6: 'ipv6_addr' } as const

function addressSets<F extends 4 | 6>(family: F) {
  const address = ADDRESS[family]
  return {
    [`class${family}`]: { family: 'inet', key: [address], data: 'classid' },
    [`cidr${family}`]: { family: 'inet', key: [address], data: 'classid', interval: true },
    [`self${family}`]: { family: 'inet', key: [address, address] },
    [`veth${family}`]: { family: 'inet', key: ['ifname', address] },
    [`port${family}`]: { family: 'bridge', key: ['ifname', address] },
    [`local${family}`]: { family: 'inet', key: [address] },
    ...directionSets('in', family),
    ...directionSets('out', family),
  } as Record<`${'class' | 'cidr' | 'self' | 'veth' | 'port' | 'local'}${F}` | `${'in' | 'out'}_${DirectionSet}${F}`, SetSchema>
}

type DirectionSet = 'judged' | 'pair' | 'default' | 'deny'

function directionSets(direction: 'in' | 'out', family: 4 | 6): Record<string, SetSchema> {
  const address = ADDRESS[family]
  return {
    [`${direction}_judged${family}`]: { family: 'inet', key: [address] },
    [`${direction}_pair${family}`]: { family: 'inet', key: ['classid', address], data: 'classid' },
    [`${direction}_default${family}`]: { family: 'inet', key: [address], data: 'classid' },
    [`${direction}_deny${family}`]: { family: 'inet', key: [address], data: 'counter' },
  }
}

/** Those of ClusterNetworkPolicies. */
function tierSets<F extends 4 | 6>(family: F) {
  const address = ADDRESS[family]
  return {
    [`tier_class${family}`]: { family: 'inet', key: [address], data: 'classid' },
    [`tier_cidr${family}`]: { family: 'inet', key: [address], data: 'classid', interval: true },
    [`own_judged${family}`]: { family: 'inet', key: [address] },
    ...tierDirectionSets('in', family),
    ...tierDirectionSets('out', family),
  } as Record<`${'tier_class' | 'tier_cidr' | 'own_judged'}${F}` | `${'in' | 'out'}_${TierSet}${F}`, SetSchema>
}

type TierSet = 'tiers' | 'isolated' | 'admin' | 'baseline' | 'admin_default' | 'baseline_default' | 'deny_admin' | 'deny_baseline'

function tierDirectionSets(direction: 'in' | 'out', family: 4 | 6): Record<string, SetSchema> {
  const address = ADDRESS[family]
  const ofTier = (tier: 'admin' | 'baseline'): Record<string, SetSchema> => ({
    [`${direction}_${tier}${family}`]: { family: 'inet', key: ['classid', address], data: 'classid' },
    [`${direction}_${tier}_default${family}`]: { family: 'inet', key: [address], data: 'classid' },
    [`${direction}_deny_${tier}${family}`]: { family: 'inet', key: [address], data: 'counter' },
  })
  return {
    [`${direction}_tiers${family}`]: { family: 'inet', key: [address], data: 'classid' },
    [`${direction}_isolated${family}`]: { family: 'inet', key: [address] },
    ...ofTier('admin'),
    ...ofTier('baseline'),
  }
}

/**
 * Every set of the program. `veths`/`veth4`/`veth6` (inet) and `ports`/`port4`/`port6` (bridge) hold the source addresses
 * that may enter from a pod's veth; `closed` and `closed_out` the ports of pods that are judged for ingress and egress, `closed_own` the
 * veths of those that are judged for what they send to their own node. `local4`/`local6` are the addresses of this node's pods, `tunnels` (UDP, by
 * port) and `tunnel_protocols` what the node would unwrap. `verdict_*` are the lists of NetworkPolicies:
 * what is found is accepted and counts there. `tier_*` are those of ClusterNetworkPolicies: what is found is the number of a verdict
 * (numbers.ts). The rest is described in docs/design.md. The kernel finds a set by going through them in this order.
 */
export const SETS = {
  verdict_ports: { family: 'inet', key: ['classid', 'inet_proto', 'inet_service'], data: 'counter' },
  verdict_ranges: { family: 'inet', key: ['classid', 'inet_proto', 'inet_service'], data: 'counter', interval: true },
  verdict_any: { family: 'inet', key: ['classid'], data: 'counter' },
  veths: { family: 'inet', key: ['ifname'] },
  ports: { family: 'bridge', key: ['ifname'] },
  closed: { family: 'bridge', key: ['ifname'] },
  closed_out: { family: 'bridge', key: ['ifname'] },
  closed_own: { family: 'inet', key: ['ifname'] },
  ...addressSets(4),
  ...addressSets(6),
  tier_ports: { family: 'inet', key: ['classid', 'inet_proto', 'inet_service'], data: 'classid' },
  tier_ranges: { family: 'inet', key: ['classid', 'inet_proto', 'inet_service'], data: 'classid', interval: true },
  tier_any: { family: 'inet', key: ['classid'], data: 'classid' },
  tier_counters: { family: 'inet', key: ['classid'], data: 'counter' },
  ...tierSets(4),
  ...tierSets(6),
  tunnels: { family: 'inet', key: ['inet_proto', 'inet_service'] },
  tunnel_protocols: { family: 'inet', key: ['inet_proto'] },
} as const satisfies Record<string, SetSchema>

export type SetName = keyof typeof SETS

export const SET_NAMES = Object.keys(SETS) as readonly SetName[]

export function schemaOf(set: SetName): SetSchema {
  return SETS[set]
}
