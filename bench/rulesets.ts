// What the data-path benchmark compares: rulesets for one node with two pods that talk to each other.
import { Compiler } from '../src/compiler/compiler.ts'
import { guardElements } from '../src/guard/bindings.ts'
import type { Change } from '../src/source.ts'
import { formatAddress } from '../src/cluster/address.ts'
import { type Labels, podKey } from '../src/cluster/objects.ts'
import { createBackend } from '../src/netlink/create-backend.ts'
import { replace } from '../src/nftables/transaction.ts'
import { exec } from '../lab/namespace.ts'
import type { Lab } from '../lab/lab.ts'
import type { LabPod } from '../lab/pod.ts'
import { changesOf, clusterPolicyFrom, clusterRule, NODE, podChange, podOf, policyFrom, type WorldSize } from './world.ts'

export interface Ruleset {
  readonly name: string
  readonly load: (lab: Lab) => Promise<void>
}

const SERVER = 0
/** Another app of the same namespace. */
const CLIENT = 10
type Variant = 'server isolated' | 'both ends isolated' | 'no spoof guard'
export const PORT = 9000

export const CONNTRACK_ONLY: Ruleset = {
  name: 'conntrack only',
  load: (lab) => nft(lab, ['ct state established,related accept']),
}

export const RULESETS: readonly Ruleset[] = [
  { name: 'no ruleset', load: () => Promise.resolve() },
  CONNTRACK_ONLY,
  vethguard({ pods: 12, policies: 10, localPods: 12 }, 1),
  vethguard({ pods: 10_000, policies: 1_000, localPods: 100 }, 10),
  vethguard({ pods: 100_000, policies: 10_000, localPods: 100 }, 100),
  vethguard({ pods: 100_000, policies: 10_000, localPods: 100 }, 100, 'both ends isolated'),
  vethguard({ pods: 100_000, policies: 10_000, localPods: 100 }, 100, 'no spoof guard'),
  withTiers(1, 'Accept'),
  withTiers(100, 'Accept'),
  withTiers(100, 'Pass'),
  linear(10),
  linear(100),
  linear(1_000),
]

/** The agent's own program, veths guarded. @param onServer policies that select the server */
function vethguard(size: WorldSize, onServer: number, variant: Variant = 'server isolated'): Ruleset {
  const ends = variant === 'server isolated' ? '' : `, ${variant}`
  return enforced(`vethguard, ${size.pods} pods, ${size.policies} policies (${onServer} on the pod)${ends}`, size, variant)
}

/** With ClusterNetworkPolicies for every pod, of which the last rule of the last one is about the talkers. A Pass leaves them to NetworkPolicies. */
function withTiers(policies: number, action: 'Accept' | 'Pass'): Ruleset {
  const size = { pods: 10_000, policies: 1_000, localPods: 100 }
  const what = `${policies} ClusterNetworkPolic${policies === 1 ? 'y' : 'ies'} of 25 rules on the pod, which ${action === 'Accept' ? 'accept' : 'pass'} at the end`
  return enforced(`vethguard, ${size.pods} pods, ${what}`, size, 'server isolated', tierChanges(policies, action))
}

function tierChanges(policies: number, action: 'Accept' | 'Pass'): Change[] {
  const talkers = { action, from: [{ pods: { podSelector: { matchLabels: { talks: 'yes' } } } }] }
  return Array.from({ length: policies }, (_, priority): Change => {
    // About other namespaces than that of the talkers, so that the last rule decides.
    const rules = Array.from({ length: 24 }, (_, index) => clusterRule(index + 1, index % 2 === 0 ? 'Accept' : 'Deny'))
    const last = priority === policies - 1 ? talkers : clusterRule(1, 'Deny')
    const now = clusterPolicyFrom(`policy-${priority}`, { tier: 'Admin', priority, subject: { namespaces: {} }, ingress: [...rules, last] })
    return { kind: 'cluster-policy', key: now.key, now }
  })
}

function enforced(name: string, size: WorldSize, variant: Variant, more: readonly Change[] = []): Ruleset {
  return {
    name,
    load: async (lab) => {
      const compiler = new Compiler(NODE)
      compiler.load([...changesOf(size), ...talkers(size, lab.pods, variant), ...more])
      const guarded = variant === 'no spoof guard' ? [] : lab.pods
      const guard = guardElements(new Map(guarded.map((pod) => [podKey({ namespace: 'lab', name: pod.name }), bindingOf(pod)])), () => false)
      const backend = createBackend({ kind: 'netlink', namespace: `/run/netns/${lab.nodes[0]!.namespace}` })
      try {
        const { sets, counters } = compiler.content
        await backend.commit(replace({ sets: new Map([...sets, ...guard]), counters }, new Map(), { ...backend.reader.state(), guard: guarded.length > 0 }))
      } finally {
        backend.close()
      }
    },
  }
}

/** Server and client with the lab's addresses, and what lets the one talk to the other. */
function talkers(size: WorldSize, [server, client]: readonly LabPod[], variant: Variant): Change[] {
  const both = variant === 'both ends isolated'
  const at = (index: number, pod: LabPod, labels: Labels = {}): Change => {
    const made = podOf({ ...size, localPods: 100 }, index)
    return podChange({ ...made, labels: { ...made.labels, ...labels }, addresses: [pod.address4, pod.address6] })
  }
  const ports = [{ port: PORT, protocol: 'TCP' }, { port: PORT, protocol: 'UDP' }]
  const [toServer, toClient] = [{ matchLabels: { app: 'app-0' } }, { matchLabels: { talks: 'yes' } }]
  const ingress = { podSelector: toServer, policyTypes: ['Ingress', 'Egress'], ingress: [{ from: [{ podSelector: toClient }], ports }] }
  const egress = { podSelector: toClient, policyTypes: ['Ingress', 'Egress'], egress: [{ to: [{ podSelector: toServer }], ports }] }
  return [
    at(SERVER, server!),
    // An app without policies is not isolated.
    at(CLIENT, client!, { talks: 'yes', ...(both ? {} : { app: 'client' }) }),
    policyChange('talk-ingress', ingress),
    ...(both ? [policyChange('talk-egress', egress)] : []),
  ]
}

function policyChange(name: string, spec: object): Change {
  const now = policyFrom({ namespace: 'ns-0', name }, spec)
  return { kind: 'policy', key: now.key, now }
}

function bindingOf(pod: LabPod) {
  return { uid: pod.name, ifindex: 0, ifname: pod.veth, bridged: false, addresses: [pod.address4, pod.address6] }
}

/** As rule-by-rule enforcers write it: established first, then one rule after the other until the last one allows. */
function linear(rules: number): Ruleset {
  return {
    name: `linear, ${rules} rules`,
    load: (lab) => {
      const [server, client] = lab.pods.map(({ address4 }) => formatAddress(address4))
      const others = Array.from({ length: rules - 1 }, (_, index) => `ip daddr ${server} ip saddr 172.16.${index >> 8}.${index & 255} counter accept`)
      return nft(lab, ['ct state established,related accept', ...others, `ip daddr ${server} ip saddr ${client} counter accept`])
    },
  }
}

function nft(lab: Lab, rules: readonly string[]): Promise<void> {
  const text = `table inet compared {\n chain forward {\n type filter hook forward priority 0\n ${rules.join('\n ')}\n }\n}\n`
  exec(lab.nodes[0]!.namespace, ['nft', '-f', '-'], text)
  return Promise.resolve()
}
