// Every setting there is: one table for flags, environment and (by the same names) chart values. README.md lists them.
import { z } from 'zod'

export interface OptionSpec<T> {
  /** As commander takes it. */
  readonly flag: string
  readonly env: string
  readonly description: string
  readonly schema: z.ZodType<T>
  readonly default?: string
}

function option<T>(spec: OptionSpec<T>): OptionSpec<T> {
  return spec
}

/** A DNS subdomain (RFC 1123), as the API server asks of names of nodes. */
const NODE_NAME = /^(?=.{1,253}$)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/

const onOrOff = z.enum(['on', 'off'], 'must be on or off').transform((value) => value === 'on')

export const OPTIONS = {
  nodeName: option({
    flag: '--node-name <name>',
    env: 'NODE_NAME',
    description: 'name of this node, as in spec.nodeName of its pods',
    schema: z.string('is needed').regex(NODE_NAME, 'must be the name of a node (lower-case DNS name, at most 253 characters)'),
  }),
  source: option({
    flag: '--source <dir>',
    env: 'VETHGUARD_SOURCE',
    description: 'folder of manifests (Pods with status, Namespaces, NetworkPolicies) to enforce and to follow, instead of an API server',
    schema: z.string().min(1, 'must be a folder').optional(),
  }),
  kubeconfig: option({
    flag: '--kubeconfig <file>',
    env: 'KUBECONFIG',
    description: 'how to reach the API server; in a Pod its service account needs no file',
    schema: z.string().min(1, 'must be a file').optional(),
  }),
  backend: option({
    flag: '--backend <kind>',
    env: 'VETHGUARD_BACKEND',
    description: 'way into the kernel: netlink (direct, microseconds) or nft (runs the nft program)',
    schema: z.enum(['netlink', 'nft'], 'must be netlink or nft'),
    default: 'netlink',
  }),
  spoofGuard: option({
    flag: '--spoof-guard <on|off>',
    env: 'VETHGUARD_SPOOF_GUARD',
    description: "drop packets that enter from a pod's veth with an address that is not the pod's",
    schema: onOrOff,
    default: 'on',
  }),
  logLevel: option({
    flag: '--log-level <level>',
    env: 'VETHGUARD_LOG_LEVEL',
    description: 'least severe level to log: trace, debug, info, warn, error or silent',
    schema: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'silent'], 'must be trace, debug, info, warn, error or silent'),
    default: 'info',
  }),
} as const

export type OptionName = keyof typeof OPTIONS
type ValueOf<S> = S extends OptionSpec<infer T> ? T : never
/** Validated settings. */
export type Config<N extends OptionName = OptionName> = { readonly [K in N]: ValueOf<(typeof OPTIONS)[K]> }
