// Who takes part: every pod of the manifests as the lab's pod with its addresses, and hosts outside the cluster.
import { formatAddress } from '../src/cluster/address.ts'
import { type Pod, podKey, type Protocol } from '../src/cluster/objects.ts'
import type { Host } from '../lab/host.ts'
import type { Lab } from '../lab/lab.ts'
import { METADATA_PORT, metadataHost } from './metadata.ts'

export interface Actor {
  /** `namespace/pod`, `internet/...`, or `cloud/metadata`. */
  readonly name: string
  readonly host: Host
}

/** A port on which somebody serves. */
export interface Service {
  readonly actor: Actor
  readonly protocol: Exclude<Protocol, 'SCTP'>
  readonly port: number
}

export interface Cast {
  readonly clients: readonly Actor[]
  readonly services: readonly Service[]
  /** Not one of the services: only ClusterNetworkPolicies are about it. */
  readonly metadata: Service
}

/** The hosts outside the cluster, in the lab's order: policies of examples/ name their addresses. */
const OUTSIDE = ['internet/customer', 'internet/blocked', 'internet/bank', 'cloud/metadata'] as const
export const OUTSIDE_COUNT = OUTSIDE.length

/** @throws Error when the manifests have other addresses than the lab */
export function castOf(lab: Lab, pods: readonly Pod[]): Cast {
  const [customer, blocked, bank, cloud] = lab.externals.map((host, index): Actor => ({ name: OUTSIDE[index] ?? host.name, host }))
  if (customer === undefined || blocked === undefined || bank === undefined || cloud === undefined) throw new Error('the lab has too few external hosts')
  const actors = pods.map((pod, index) => ({ pod, actor: { name: podKey(pod), host: hostOf(lab, pod, index) } }))
  return {
    clients: [customer, blocked, ...actors.map(({ actor }) => actor)],
    services: [...actors.flatMap(({ pod, actor }) => servicesOf(pod, actor)), { actor: bank, protocol: 'TCP', port: 443 }],
    metadata: { actor: { ...cloud, host: metadataHost(cloud.host) }, protocol: 'TCP', port: METADATA_PORT },
  }
}

/** A client and the first port of a server. @throws Error when there are none of these names */
export function pairOf({ clients, services }: Cast, client: string, server: string): { from: Actor; to: Service } {
  const from = clients.find(({ name }) => name === client)
  const to = services.find(({ actor }) => actor.name === server)
  if (from === undefined || to === undefined) throw new Error(`the manifests have no ${client}, or no ${server} that serves something`)
  return { from, to }
}

export function isOutside({ name }: Actor): boolean {
  return OUTSIDE.some((each) => each === name)
}

export function serviceName({ actor, protocol, port }: Service): string {
  return `${actor.name}:${port}${protocol === 'TCP' ? '' : `/${protocol}`}`
}

/** Every port that the pod's containers name; TCP is left out where UDP has the same number. */
function servicesOf(pod: Pod, actor: Actor): Service[] {
  const udp = new Set(pod.ports.filter(({ protocol }) => protocol === 'UDP').map(({ port }) => port))
  const shown = pod.ports.filter(({ protocol, port }) => protocol === 'UDP' || !udp.has(port))
  const services = shown.flatMap(({ protocol, port }): Service[] => (protocol === 'SCTP' ? [] : [{ actor, protocol, port }]))
  return services.sort((a, b) => a.port - b.port)
}

function hostOf(lab: Lab, pod: Pod, index: number): Host {
  const host = lab.pods[index]
  if (host === undefined) throw new Error(`the lab has no pod for ${podKey(pod)}`)
  for (const address of [host.address4, host.address6]) {
    if (pod.addresses.includes(address)) continue
    const [is, must] = [pod.addresses.map(formatAddress).join(' and '), formatAddress(address)]
    throw new Error(`the manifest of Pod ${podKey(pod)} has status.podIPs ${is}, but the lab's pod number ${index} has ${must}`)
  }
  return host
}
