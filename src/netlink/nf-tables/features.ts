// What the agent asks of the kernel that not every kernel has, by what users know: the first Linux that has it, and what comes of it where
// it is missing. capabilities.ts tries each; versions are for people, since distributions add features to old kernels and leave out others.
import { VethguardError } from '../../base/errors.ts'

interface Feature {
  /** In words that fit behind "has no". */
  readonly name: string
  /** The first Linux with it. */
  readonly since: string
}

/** Nothing can be enforced without these. `remedy`: where it may be missing although the kernel is new enough. */
export const NEEDED = {
  inet: { name: 'nf_tables of family inet', since: '3.14', remedy: 'modprobe nf_tables' },
  bridge: { name: 'nf_tables of family bridge', since: '3.14', remedy: 'a kernel with CONFIG_NF_TABLES_BRIDGE' },
  counterMaps: { name: 'maps of named counters', since: '4.10', remedy: undefined },
  concatenatedRanges: { name: 'ranges in concatenated keys', since: '5.6', remedy: undefined },
  conntrack: { name: 'connection tracking in nf_tables', since: '3.14', remedy: 'modprobe nft_ct' },
  limit: { name: 'rate limits in nf_tables', since: '3.14', remedy: 'modprobe nft_limit' },
  log: { name: 'NFLOG in nf_tables', since: '3.17', remedy: 'modprobe -a nft_log nfnetlink_log' },
} as const satisfies Record<string, Feature & { readonly remedy: string | undefined }>

export type NeededFeature = keyof typeof NEEDED

/** The agent gets along without these. `without` is what it does then. */
export const USEFUL = {
  counterComments: {
    name: 'comments on counters',
    since: '5.10',
    without: 'after a restart nobody knows whose hits those counters have that several policies share',
  },
  ownedTables: {
    name: 'tables that only their owner can change, and that outlive it',
    since: '6.9',
    without: 'others can change the tables; the agent looks after them, and puts right what it finds',
  },
  endAck: {
    name: 'acknowledgement of the end of a batch',
    since: '6.10',
    without: 'the acknowledgement of the last command is taken for it',
  },
} as const satisfies Record<string, Feature & { readonly without: string }>

export type UsefulFeature = keyof typeof USEFUL

/** @param cause what the kernel answered */
export function refuse(missing: NeededFeature, cause: unknown): VethguardError {
  const { name, since, remedy } = NEEDED[missing]
  const orElse = remedy === undefined ? '' : `, or if it is that on the node: ${remedy}`
  return new VethguardError('NODE_UNFIT', `the kernel has no ${name}: run Linux ${since} or newer${orElse}`, { cause })
}
