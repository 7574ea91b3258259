// What the data-path benchmark compares: rulesets for one node with two pods that talk to each other.
import { Compiler } from '../src/compiler/compiler.ts'
import { guardElements } from '../src/compiler/guard.ts'
import type { Change } from '../src/cluster/change.ts'
import { formatAddress } from '../src/cluster/address.ts'
import { podKey } from '../src/cluster/objects.ts'
import { createBackend } from '../src/netlink/create-backend.ts'
import { replace } from '../src/nftables/transaction.ts'
import { exec } from '../test/lab/namespace.ts'
import type { Lab } from '../test/lab/lab.ts'
import type { LabPod } from '../test/lab/pod.ts'
import { changesOf, NODE, podChange, podOf, policyFrom, type WorldSize } from './world.ts'

export interface Ruleset {
  readonly name: string
  readonly load: (lab: Lab) => Promise<void>
}

const SERVER = 0
/** Another app of the same namespace. */
const CLIENT = 10
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
  linear(10),
  linear(100),
  linear(1_000),
]

/** The agent's own program: both pods are isolated in both directions, their veths are guarded. `onServer`: policies that select the server. */
function vethguard(size: WorldSize, onServer: number): Ruleset {
  const name = `vethguard, ${size.pods} pods, ${size.policies} policies (${onServer} on the pod)`
  return {
    name,
    load: async (lab) => {
      const compiler = new Compiler(NODE)
      compiler.load([...changesOf(size), ...talkers(size, lab.pods)])
      const guard = guardElements(new Map(lab.pods.slice(0, 2).map((pod) => [podKey({ namespace: 'lab', name: pod.name }), bindingOf(pod)])))
      const backend = createBackend({ kind: 'netlink', namespace: `/run/netns/${lab.nodes[0]!.namespace}` })
      try {
        const { sets, counters } = compiler.content
        await backend.commit(replace({ sets: new Map([...sets, ...guard]), counters }, new Map(), backend.state()))
      } finally {
        backend.close()
      }
    },
  }
}

/** Server and client with the lab's addresses, and what lets the one talk to the other. */
function talkers(size: WorldSize, pods: readonly LabPod[]): Change[] {
  const at = (index: number, pod: LabPod): Change => podChange({ ...podOf({ ...size, localPods: 100 }, index), addresses: [pod.address4, pod.address6] })
  const ports = [{ port: PORT, protocol: 'TCP' }, { port: PORT, protocol: 'UDP' }]
  const [server, client] = [{ matchLabels: { app: 'app-0' } }, { matchLabels: { app: 'app-1' } }]
  const ingress = { podSelector: server, policyTypes: ['Ingress', 'Egress'], ingress: [{ from: [{ podSelector: client }], ports }] }
  const egress = { podSelector: client, policyTypes: ['Ingress', 'Egress'], egress: [{ to: [{ podSelector: server }], ports }] }
  const policies = [['ingress', ingress], ['egress', egress]] as const
  return [
    at(SERVER, pods[0]!),
    at(CLIENT, pods[1]!),
    ...policies.map(([name, spec]): Change => {
      const now = policyFrom({ namespace: 'ns-0', name: `talk-${name}` }, spec)
      return { kind: 'policy', key: now.key, now }
    }),
  ]
}

function bindingOf(pod: LabPod) {
  return { ifname: pod.veth, bridged: false, addresses: [pod.address4, pod.address6] }
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
