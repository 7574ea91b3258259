// A node of these tests: one namespace, and more for its pods, with whatever links a test makes; and a VethTable that follows it.
import { formatAddress, type Address } from '../../../src/cluster/address.ts'
import type { Veth } from '../../../src/cluster/veth.ts'
import { VethTable } from '../../../src/netlink/route/veths.ts'
import { createNamespaces, deleteNamespaces, ipBatch, namespacePrefix, onProcessEnd } from '../../../lab/namespace.ts'
import { PATIENCE_MS } from '../../../lab/patience.ts'

export interface TestNode {
  readonly namespace: string
  /** As sockets take it. */
  readonly path: string
  readonly pods: readonly string[]
  /** Runs `ip` lines in the node. */
  ip(...lines: string[]): void
  /** Runs `ip` lines in the pod with this number. */
  podIp(pod: number, ...lines: string[]): void
  remove(): void
}

export function makeNode(podCount: number): TestNode {
  const prefix = namespacePrefix()
  const namespace = `${prefix}-node`
  const pods = Array.from({ length: podCount }, (_, index) => `${prefix}-pod${index}`)
  const all = [namespace, ...pods]
  const forget = onProcessEnd(() => deleteNamespaces(all))
  createNamespaces(all)
  return {
    namespace,
    path: `/run/netns/${namespace}`,
    pods,
    ip: (...lines) => ipBatch(namespace, lines),
    podIp: (pod, ...lines) => ipBatch(pods[pod], lines),
    remove: () => {
      forget()
      deleteNamespaces(all)
    },
  }
}

/** `ip` lines in the node: a veth named `v0` for pod 0, and so on, up at both ends. */
export function vethLines(node: TestNode, pod: number): string[] {
  return [`link add v${pod} type veth peer name eth0 netns ${node.pods[pod] ?? ''}`, `link set v${pod} up`]
}

/** `ip` lines in a pod. */
export function addressLines(...addresses: string[]): string[] {
  return ['link set eth0 up', ...addresses.map((address) => `addr add ${address} dev eth0${address.includes(':') ? ' nodad' : ''}`)]
}

export function texts(addresses: readonly Address[] | undefined): string[] | undefined {
  return addresses?.map(formatAddress)
}

/** A table, how often it changed, and a way to wait for that. */
export interface Follower {
  readonly table: VethTable
  /** How often it called onChange. */
  readonly changes: number
  readonly errors: Error[]
  /** @returns the veth of this name, or undefined if there is none */
  veth(ifname: string): Veth | undefined
  /** Resolves at the first change after which the condition holds (or at once). Rejects after PATIENCE_MS. */
  until(holds: () => boolean): Promise<void>
}

export function follow(node: TestNode, receiveBytes?: number): Follower {
  let changes = 0
  const errors: Error[] = []
  const checks = new Set<() => void>()
  const table = new VethTable({
    namespace: node.path,
    receiveBytes,
    onChange: () => {
      changes++
      for (const check of checks) check()
    },
    onError: (error) => errors.push(error),
  })
  const until = (holds: () => boolean): Promise<void> => new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      checks.delete(check)
      reject(new Error(`waited in vain: ${holds.toString()}; veths: ${JSON.stringify(Array.from(table.veths()))}`))
    }, PATIENCE_MS)
    const check = (): void => {
      if (!holds()) return
      clearTimeout(timer)
      checks.delete(check)
      resolve()
    }
    checks.add(check)
    check()
  })
  const veth = (ifname: string): Veth | undefined => Array.from(table.veths()).find((each) => each.ifname === ifname)
  return { table, get changes() { return changes }, errors, veth, until }
}
