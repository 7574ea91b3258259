// What about the node makes enforcement incomplete: settings that the agent can see, but that are the administrator's to change.
import { existsSync, readFileSync } from 'node:fs'
import type { Problem } from '../cluster/change.ts'
import type { Unbound } from './bindings.ts'

export interface CheckedNode {
  readonly name: string
  /** Names of the bridges that pods' veths are ports of. */
  readonly bridges: readonly string[]
  /** Some pod here has an IPv6 address of its own. */
  readonly hasIPv6Pods: boolean
  /** Pods whose veths are not known. */
  readonly unguarded: readonly Unbound[]
}

/** Of kube-proxy in IPVS mode; it holds every Service's address. */
const IPVS_LINK = 'kube-ipvs0'

/**
 * Looks at the network namespace of the calling thread, which is what /proc/sys/net shows.
 * @returns what is wrong, each with what to do; none: all well
 */
export function checkNode(node: CheckedNode): Problem[] {
  return [...bridgeProblems(node), ...forwardingProblems(node), ...ipvsProblems(node), ...guardProblems(node)]
}

/** Frames between two ports of a bridge pass the forward hook of IP only with br_netfilter. */
function bridgeProblems({ name, bridges }: CheckedNode): Problem[] {
  if (bridges.length === 0) return []
  const family = { 'bridge-nf-call-iptables': 'IPv4', 'bridge-nf-call-ip6tables': 'IPv6' } as const
  return Object.entries(family).flatMap(([file, protocol]) => {
    const value = sysctl(`bridge/${file}`)
    if (value !== undefined && value !== '0') return []
    const found = value === undefined ? 'the kernel module br_netfilter is not loaded' : `net.bridge.${file} is 0`
    const consequence = `${protocol} packets between pods of this node on ${bridges.join(', ')} are not filtered`
    const remedy = `run "modprobe br_netfilter && sysctl -w net.bridge.${file}=1" on the node, `
      + 'and keep it in /etc/modules-load.d and /etc/sysctl.d'
    return [problem(name, `net.bridge.${file}`, `${found}: ${consequence}; ${remedy}`)]
  })
}

function forwardingProblems({ name, hasIPv6Pods }: CheckedNode): Problem[] {
  const setting = { IPv4: 'ipv4/ip_forward', IPv6: 'ipv6/conf/all/forwarding' } as const
  return Object.entries(setting).flatMap(([protocol, file]) => {
    if (sysctl(file) !== '0' || (protocol === 'IPv6' && !hasIPv6Pods)) return []
    const message = `is 0: this node forwards no ${protocol} packets, so pods reach nothing outside it; set it to 1`
    return [problem(name, `net.${file.replaceAll('/', '.')}`, message)]
  })
}

/** IPVS hands packets for a Service over in the input hook; they never pass forward. */
function ipvsProblems({ name }: CheckedNode): Problem[] {
  if (!existsSync(`/proc/sys/net/ipv4/conf/${IPVS_LINK}`)) return []
  return [problem(name, IPVS_LINK, 'kube-proxy runs in IPVS mode: packets to Services bypass the forward hook and are not filtered; '
    + 'set mode: nftables (or iptables) in its configuration and remove the link')]
}

function guardProblems({ name, unguarded }: CheckedNode): Problem[] {
  return unguarded.map(({ pod, why }) => {
    const message = `${why}: its policies hold by its address, but nothing keeps it from sending with another one`
    return { object: `Node ${name}`, field: `pod ${pod}`, message } // no setting of the node: these pods are counted apart
  })
}

function problem(node: string, field: string, message: string): Problem {
  return { object: `Node ${node}`, field, message, node }
}

/** @returns undefined if there is no such setting, as when its module is not loaded */
function sysctl(path: string): string | undefined {
  try {
    return readFileSync(`/proc/sys/net/${path}`, 'utf8').trim()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
