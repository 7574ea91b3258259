// Packets that are not connections to ports, or not from whom they say, judged by agents that read a real API server.
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import { addressTexts, addressOf, type Host } from '../../../lab/host.ts'
import type { Attempt, Probe, Verdict } from '../../../lab/prober.ts'
import type { ApiObject } from '../resource-path.ts'
import { Stage } from './stage.ts'

const state: { stage?: Stage } = {}
const stage = (): Stage => state.stage!

beforeAll(async () => {
  state.stage = await Stage.open({ podsPerNode: 2 })
  await stage().addNamespace('shop')
  for (const [index, pod] of stage().lab.pods.entries()) await stage().addPod(pod, { namespace: 'shop', labels: { app: `app${index}` } })
  stage().startAgents()
  await stage().enforcing()
})
afterAll(() => state.stage?.close())

/** Of app0. */
function policy(spec: object): ApiObject {
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { namespace: 'shop', name: 'app0' },
    spec: { podSelector: { matchLabels: { app: 'app0' } }, ...spec },
  }
}

async function enforce(spec: object): Promise<void> {
  await stage().server.admin.apply(policy(spec))
  await stage().inForce()
}

const ECHOES: readonly Probe[] = [{ protocol: 'ICMP', port: 0, family: 4 }, { protocol: 'ICMP', port: 0, family: 6 }]

describe.each(['ingress', 'egress'] as const)('ICMP echo of a pod that is isolated for %s', (direction) => {
  const peers = direction === 'ingress' ? 'from' : 'to'
  const peer = { podSelector: { matchLabels: { app: 'app2' } } }
  afterEach(async () => {
    await stage().server.admin.delete(policy({}))
    await stage().inForce()
  })
  const ofPeer = (): Verdict[] => echoes(2)
  const ofOthers = (): Verdict[] => [...echoes(1), ...echoes(3)]

  function echoes(other: number): Verdict[] {
    const pair = [stage().lab.pods[other]!, stage().lab.pods[0]!]
    const [from, to] = direction === 'ingress' ? pair : pair.reverse()
    return stage().prober.judge(ECHOES.map((probe) => ({ from: from!, to: to!, probe }))).map(({ verdict }) => verdict)
  }

  test('is denied without a rule', async () => {
    await enforce({ policyTypes: [direction === 'ingress' ? 'Ingress' : 'Egress'] })
    expect([...ofPeer(), ...ofOthers()]).toEqual(Array(6).fill('denied'))
  })

  test('is allowed by a rule without ports, for its peers', async () => {
    await enforce({ policyTypes: [direction === 'ingress' ? 'Ingress' : 'Egress'], [direction]: [{ [peers]: [peer] }] })
    expect(ofPeer()).toEqual(['allowed', 'allowed'])
    expect(ofOthers()).toEqual(Array(4).fill('denied'))
  })

  test('is not allowed by a rule with all ports', async () => {
    const ports = ['TCP', 'UDP', 'SCTP'].map((protocol) => ({ protocol, port: 1, endPort: 65_535 }))
    await enforce({ policyTypes: [direction === 'ingress' ? 'Ingress' : 'Egress'], [direction]: [{ [peers]: [peer], ports }] })
    expect([...ofPeer(), ...ofOthers()]).toEqual(Array(6).fill('denied'))
  })
})

describe('a pod that sends as its node, or as another node, which a policy lets in', () => {
  /** What the forger sends to the pods beside it and on the other node, whose policies take packets of nodes only. */
  const forged = (): Attempt[] => {
    const { pods, nodes } = stage().lab
    const forger = pods[1]!
    return [pods[0]!, pods[2]!].flatMap((to) => nodes.flatMap((node) => attempts(forger, to, node)))
  }

  function attempts(from: Host, to: Host, node: Pick<Host, 'address4' | 'address6'>): Attempt[] {
    return ([4, 6] as const).map((family) => ({ from, to, probe: { protocol: 'TCP', port: 80, family }, sourceAddress: addressOf(node, family) }))
  }

  beforeAll(async () => {
    const blocks = stage().lab.nodes.flatMap(addressTexts).map((address) => ({ ipBlock: { cidr: `${address}/${address.includes(':') ? 128 : 32}` } }))
    await stage().server.admin.apply({ ...policy({}), metadata: { namespace: 'shop', name: 'nodes' }, spec: { podSelector: {}, ingress: [{ from: blocks }] } })
    await stage().inForce()
  })

  test('does not get through', () => {
    expect(stage().prober.judge(forged()).map(({ verdict }) => verdict)).toEqual(Array(8).fill('denied'))
  })

  test('would get through without the guard, where the kernel itself has no objection', async () => {
    await stage().endAgents()
    stage().startAgents({ flags: ['--spoof-guard', 'off', '--tunnels', 'off'] })
    await stage().enforcing()
    expect(stage().prober.judge(forged()).filter(({ verdict }) => verdict === 'no-answer')).not.toEqual([])
  })
})
