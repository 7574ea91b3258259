// Every setting there is: one table for flags, environment and (by the same names) chart values. docs/configuration.md lists them.
import { z } from 'zod'
import { parseCidr } from '../cluster/address.ts'
import { isDnsSubdomain } from '../cluster/identity.ts'
import { parseTunnel, type Tunnel } from '../cluster/tunnel.ts'
import { parseListenAddress } from './listen-address.ts'

export interface OptionSpec<T> {
  /** As commander takes it. */
  readonly flag: string
  readonly env: string
  readonly description: string
  readonly schema: z.ZodType<T>
  readonly default?: string
  /** What the flag alone, without a value, means. */
  readonly bare?: string
}

function option<T>(spec: OptionSpec<T>): OptionSpec<T> {
  return spec
}

const onOrOff = z.enum(['on', 'off'], 'must be on or off').transform((value) => value === 'on')

/** Text that a reader takes; what the reader gives undefined for is refused. */
function readBy<T>(read: (text: string) => T | undefined, message: string) {
  return z.string().transform((text, context) => {
    const value = read(text)
    if (value !== undefined) return value
    context.addIssue({ code: 'custom', message })
    return z.NEVER
  })
}

/** @returns null for `off`, since undefined is refused */
function listenOrOff(text: string) {
  return text === 'off' ? null : parseListenAddress(text)
}

/** @returns null for `off` */
function tunnelsOrOff(text: string): Tunnel[] | null | undefined {
  if (text === 'off') return null
  const tunnels = text.split(',').map(parseTunnel)
  return tunnels.every((each) => each !== undefined) ? tunnels : undefined
}

/** How many policies may have series of their own. */
function seriesLimit(text: string): number | undefined {
  if (text === 'on') return Infinity
  if (text === 'off') return 0
  return /^\d{1,9}$/.test(text) ? Number(text) : undefined
}

function cidrs(text: string) {
  const ranges = text.split(',').map((each) => each.trim()).filter((each) => each !== '').map(parseCidr)
  const known = ranges.filter((range) => range !== undefined)
  return known.length === ranges.length ? known : undefined
}

function seconds(text: string): number | undefined {
  return /^[1-9]\d{0,4}$/.test(text) ? Number(text) : undefined
}

export const OPTIONS = {
  nodeName: option({
    flag: '--node-name <name>',
    env: 'NODE_NAME',
    description: 'name of this node, as in spec.nodeName of its pods',
    schema: z.string('is needed').refine(isDnsSubdomain, 'must be the name of a node (lower-case DNS name, at most 253 characters)'),
  }),
  source: option({
    flag: '--source <dir>',
    env: 'VETHGUARD_SOURCE',
    description: 'folder of manifests (Pods with status, Namespaces, Nodes, policies) to enforce and to follow, instead of an API server',
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
  tunnels: option({
    flag: '--tunnels <protocol,...|off>',
    env: 'VETHGUARD_TUNNELS',
    description: "what the node would unwrap, and its pods may not send to it: udp/PORT, ip/PROTOCOL; those of the node's devices besides",
    schema: readBy(tunnelsOrOff, 'must be udp/PORT and ip/PROTOCOL with commas between them, such as udp/4789,ip/47, or off'),
    default: 'udp/4789,udp/8472,udp/6081,udp/6080,udp/5555,ip/4,ip/41,ip/47',
  }),
  logLevel: option({
    flag: '--log-level <level>',
    env: 'VETHGUARD_LOG_LEVEL',
    description: 'least severe level to log: trace, debug, info, warn, error or silent',
    schema: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'silent'], 'must be trace, debug, info, warn, error or silent'),
    default: 'info',
  }),
  listen: option({
    flag: '--listen <address>',
    env: 'VETHGUARD_LISTEN',
    description: 'where /livez, /readyz and /metrics are answered: ADDRESS:PORT, :PORT (all addresses of the node) or off',
    schema: readBy(listenOrOff, 'must be an IP address and a port (127.0.0.1:9611, [::1]:9611), :PORT for all addresses, or off'),
    default: '127.0.0.1:9611',
  }),
  metricsPolicyLabels: option({
    flag: '--metrics-policy-labels <on|off|number>',
    env: 'VETHGUARD_METRICS_POLICY_LABELS',
    description: 'per-policy metric series: on, off, or the maximum number of policies',
    schema: readBy(seriesLimit, 'must be on, off or a number of policies'),
    default: 'on',
  }),
  dryRun: option({
    flag: '--dry-run [on|off]',
    env: 'VETHGUARD_DRY_RUN',
    description: 'log what would be done to the kernel, as nft text, and do nothing',
    schema: onOrOff,
    default: 'off',
    bare: 'on',
  }),
  events: option({
    flag: '--events <on|off>',
    env: 'VETHGUARD_EVENTS',
    description: 'write Kubernetes Events about policies that cannot do what they seem to; needs the right to create them',
    schema: onOrOff,
    default: 'off',
  }),
  clusterNetworkPolicies: option({
    flag: '--cluster-network-policies <on|off>',
    env: 'VETHGUARD_CLUSTER_NETWORK_POLICIES',
    description: 'enforce ClusterNetworkPolicies if the API server serves them; needs the right to read them and nodes',
    schema: onOrOff,
    default: 'on',
  }),
  serviceCidrs: option({
    flag: '--service-cidrs <cidr,...>',
    env: 'VETHGUARD_SERVICE_CIDRS',
    description: "ranges of the cluster's Services, to warn of ipBlocks inside them, which match nothing",
    schema: readBy(cidrs, 'must be CIDRs with commas between them, such as 10.96.0.0/12,fd00:10:96::/112').prefault(''),
  }),
  compareSeconds: option({
    flag: '--compare-seconds <n>',
    env: 'VETHGUARD_COMPARE_SECONDS',
    description: 'how often everything in the kernel is compared with what should be there',
    schema: readBy(seconds, 'must be a number of seconds from 1 to 99999'),
    default: '180',
  }),
  output: option({
    flag: '--output <text|json>',
    env: 'VETHGUARD_OUTPUT',
    description: 'what is printed: nft text, or as JSON the elements of each set and what each counter counts',
    schema: z.enum(['text', 'json'], 'must be text or json'),
    default: 'text',
  }),
} as const

export type OptionName = keyof typeof OPTIONS
/** All but those of `render` alone. */
export type AgentOptionName = Exclude<OptionName, 'output'>
export const AGENT_OPTION_NAMES = (Object.keys(OPTIONS) as OptionName[]).filter((name): name is AgentOptionName => name !== 'output')
type ValueOf<S> = S extends OptionSpec<infer T> ? T : never
/** Validated settings. */
export type Config<N extends OptionName = AgentOptionName> = { readonly [K in N]: ValueOf<(typeof OPTIONS)[K]> }
