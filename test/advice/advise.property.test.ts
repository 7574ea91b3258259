// Advice from the compiler's indexes, after any history = advice from looking at every pod of the cluster at its end.
import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { advise, MAX_WARNINGS } from '../../src/advice/advise.ts'
import { type AddressRange, contains, parseCidr } from '../../src/cluster/address.ts'
import { type Pod, podKey, type PodKey } from '../../src/cluster/objects.ts'
import { Compiler } from '../../src/compiler/compiler.ts'
import { claimantsOf, ownerOf } from '../../src/policy/owner.ts'
import { peersMatch } from '../../src/policy/peer.ts'
import { matches } from '../../src/policy/selector.ts'
import { type Direction, DIRECTIONS, type NamedPortRef, type Peer, type Policy, type Rule } from '../../src/policy/types.ts'
import { atOnce } from '../../src/base/steps.ts'
import { changesOf, type Cluster, clusterArb, finalState, historyArb } from '../arbitrary/cluster.ts'
import { NODES } from '../arbitrary/pool.ts'
import { property } from '../property.ts'

const NODE = NODES[0]
/** Some of the pool's addresses, so that some blocks are inside. */
const SERVICES = [parseCidr('10.0.0.12/30'), parseCidr('fd00::1/128')] as AddressRange[]
const LIST = { ingress: 'from', egress: 'to' }

/** The cluster, seen by somebody with all the time in the world. Advice as `reason field`. */
class Onlooker {
  readonly #cluster: Cluster
  /** Those that selectors may match. */
  readonly #pods: readonly Pod[]

  constructor(cluster: Cluster) {
    this.#cluster = cluster
    this.#pods = cluster.pods.filter(({ hostNetwork, faulty }) => !hostNetwork && !faulty)
  }

  advice(policy: Policy): string[] {
    const { namespace, podSelector } = policy
    const selected = this.#pods.filter((pod) => pod.namespace === namespace && matches(podSelector, pod.labels))
    const isVain = selected.length === 0 && podSelector.requirements.length > 0
    const isHere = this.#cluster.pods.some((pod) => {
      return pod.nodeName === NODE && !pod.hostNetwork && pod.namespace === namespace && matches(podSelector, pod.labels)
    })
    if (!isHere) return isVain ? ['selects-no-pod spec.podSelector'] : []
    const ofRules = DIRECTIONS.flatMap((direction) => (policy[direction] ?? []).flatMap((rule, index) => {
      const path = `spec.${direction}[${index}]`
      return [...this.#ofPeers(rule, policy, `${path}.${LIST[direction]}`), ...this.#ofPorts(rule, direction, { policy, selected, path })]
    }))
    return isVain ? ['selects-no-pod spec.podSelector', ...ofRules] : ofRules
  }

  contested(): PodKey[][] {
    const addresses = new Set(this.#cluster.pods.flatMap(({ addresses }) => addresses))
    const claimants = [...addresses].map((address) => claimantsOf(address, this.#cluster.pods))
    return claimants.filter((pods) => pods.length > 1 && pods.some(({ nodeName }) => nodeName === NODE)).map((pods) => pods.map(podKey).sort())
  }

  #ofPeers({ peers }: Rule, policy: Policy, path: string): string[] {
    if (peers === 'any') return []
    return peers.flatMap((peer, index) => {
      const place = `${path}[${index}]`
      if (peer.kind === 'block') return ofBlock(peer).map((part) => `ipblock-in-service-range ${place}.ipBlock.${part}`)
      return this.#pods.some((pod) => this.#isPeer(peer, pod, policy)) ? [] : [`peer-matches-nothing ${place}.${this.#blamed(peer)}`]
    })
  }

  #blamed({ namespaces, pods }: Extract<Peer, { kind: 'pods' }>): string {
    if (namespaces === 'own' || namespaces.requirements.length === 0) return 'podSelector'
    const isKnown = this.#cluster.namespaces.some(({ labels }) => matches(namespaces, labels))
    return isKnown && pods.requirements.length > 0 ? 'podSelector' : 'namespaceSelector'
  }

  #ofPorts({ peers, ports }: Rule, direction: Direction, { policy, selected, path }: { policy: Policy; selected: Pod[]; path: string }): string[] {
    const around = direction === 'ingress' ? selected : this.#destinations(peers, policy)
    if (ports === 'any' || around === undefined || (direction === 'ingress' && selected.length === 0)) return []
    return ports.flatMap((port, index) => {
      return port.kind === 'number' || around.some((pod) => hasPort(pod, port)) ? [] : [`named-port-unknown ${path}.ports[${index}].port`]
    })
  }

  /** Undefined: there is nobody, and it has been said. */
  #destinations(peers: Rule['peers'], policy: Policy): Pod[] | undefined {
    if (peers === 'any') return [...this.#pods]
    const found = this.#pods.filter((pod) => peers.some((peer) => this.#isPeer(peer, pod, policy)))
    return found.length === 0 && peers.every(({ kind }) => kind === 'pods') ? undefined : found
  }

  /** By its labels, also while it has no address; or by an address that is its own. */
  #isPeer(peer: Peer, pod: Pod, policy: Policy): boolean {
    const namespaceLabels = this.#cluster.namespaces.find(({ name }) => name === pod.namespace)?.labels
    const own = pod.addresses.filter((address) => ownerOf(address, this.#cluster.pods) === pod)
    const addresses = peer.kind === 'pods' ? [own[0] ?? SERVICES[0]!.first] : own
    return addresses.some((address) => peersMatch([peer], { address, pod, namespaceLabels, nodeLabels: [] }, policy.namespace))
  }
}

function ofBlock({ cidr, except }: Extract<Peer, { kind: 'block' }>): string[] {
  if (isService(cidr)) return ['cidr']
  return except.flatMap((range, index) => (isService(range) ? [`except[${index}]`] : []))
}

function isService({ first, last }: AddressRange): boolean {
  return SERVICES.some((range) => contains(range, first) && contains(range, last))
}

function hasPort({ ports }: Pod, { name, protocol }: NamedPortRef): boolean {
  return ports.some((port) => port.name === name && port.protocol === protocol)
}

/** How often each kind of advice was given: each must come up. */
const given = new Map<string, number>()

function count(reason: string): void {
  given.set(reason, (given.get(reason) ?? 0) + 1)
}

test('advice depends on the state of the cluster alone, and says what an onlooker sees', () => {
  property(fc.tuple(clusterArb(), historyArb()), ([first, history]) => {
    const compiler = new Compiler(NODE)
    compiler.load(changesOf(first))
    for (const change of history) compiler.apply([change])
    const cluster = finalState([...changesOf(first), ...history])
    const onlooker = new Onlooker(cluster)
    const policies = [...compiler.queries.policies()]
    expect(policies.map(({ key }) => key).sort()).toEqual(cluster.policies.map(({ key }) => key).sort())
    for (const policy of policies) {
      const advice = atOnce(advise(policy, { queries: compiler.queries, serviceRanges: SERVICES }))
      for (const { reason } of advice) count(reason)
      const said = advice.map(({ reason, field }) => `${reason} ${field}`)
      const expected = onlooker.advice(policy)
      expect({ policy, said: said.sort() }).toEqual({ policy, said: expected.length > MAX_WARNINGS ? said.sort() : expected.sort() })
    }
    const contested = Array.from(compiler.queries.contested(), ({ pods }) => pods.map(podKey).sort())
    if (contested.length > 0) count('contested')
    expect(contested.map(String).sort()).toEqual(onlooker.contested().map(String).sort())
  })
  expect([...given.keys()].sort()).toEqual([
    'contested', 'ipblock-in-service-range', 'named-port-unknown', 'peer-matches-nothing', 'selects-no-pod',
  ])
})
