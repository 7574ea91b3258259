// Services: policies judge what is behind them. A pod that reaches itself through one, and a Service whose backend is the own node.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { formatAddress } from '../../../src/cluster/address.ts'
import { literalAddress } from '../../../lab/host.ts'
import { exec } from '../../../lab/namespace.ts'
import type { Verdict } from '../../../lab/prober.ts'
import { addressOf, type ClusterPlace } from '../../situations/cluster/place.ts'
import { admin, baseline, EVERY_NODE, EVERY_POD, EVERYWHERE, from, onePod, port, to } from '../../situations/cluster/specs.ts'
import { type KubeObject, policyObject } from '../../situations/fixture.ts'
import { DENY_ALL } from '../../situations/specs.ts'
import { ClusterLab } from './cluster-lab.ts'

const POD = 'x/a'
const BACKEND = 'y/a'
/** Services listen here, and their backends there. */
const [PORT, TARGET_PORT] = [80, 8080]
const SERVICES = { 4: ['10.96.0.1', '10.96.0.2', '10.96.0.3'], 6: ['fd00:10:96::1', 'fd00:10:96::2', 'fd00:10:96::3'] } as const
const SERVICE_NETWORKS = { networks: ['10.96.0.0/16', 'fd00:10:96::/112'] }
const NODE_PORT = 80
const REACHED = { pod: 'allowed', itself: 'allowed', node: 'allowed' }
const DENIED = { pod: 'denied', itself: 'denied', node: 'denied' }

describe.each(['routed', 'bridge'] as const)('%s pods', (layout) => {
  let lab: ClusterLab
  beforeAll(async () => {
    lab = await ClusterLab.create(layout)
    const { veth } = lab.lab.pods[0]! // as bridge plugins set it, so that pods reach themselves
    if (layout === 'bridge') exec(lab.lab.nodes[0]!.namespace, ['bridge', 'link', 'set', 'dev', veth, 'hairpin', 'on'])
  })
  afterAll(() => lab.close())

  describe.each([4, 6] as const)('IPv%d', (family) => {
    const [toPod, toItself, toNode] = SERVICES[family]
    let place: ClusterPlace

    beforeAll(() => {
      place = lab.place(family)
      const ip = family === 4 ? 'ip' : 'ip6'
      const target = (end: typeof POD | typeof BACKEND | 'node0', number: number) => {
        const text = formatAddress(addressOf(place, end))
        return family === 4 ? `${text}:${number}` : `[${text}]:${number}`
      }
      const self = formatAddress(addressOf(place, POD))
      exec(lab.lab.nodes[0]!.namespace, ['nft', '-f', '-'], `table ${ip} services {
        chain prerouting {
          type nat hook prerouting priority dstnat;
          ${ip} daddr ${toPod} tcp dport ${PORT} dnat to ${target(BACKEND, TARGET_PORT)}
          ${ip} daddr ${toItself} tcp dport ${PORT} dnat to ${target(POD, TARGET_PORT)}
          ${ip} daddr ${toNode} tcp dport ${PORT} dnat to ${target('node0', NODE_PORT)}
        }
        chain postrouting {
          type nat hook postrouting priority srcnat;
          ${ip} saddr ${self} ${ip} daddr ${self} masquerade
        }
      }`)
    })

    function reach(service: string, end: typeof POD | typeof BACKEND | 'node0'): Verdict {
      const [source, target] = [lab.hostOf(POD, place), lab.hostOf(end, place)]
      return lab.prober.probe({ from: source, to: target, probe: { protocol: 'TCP', port: PORT, family }, destinationAddress: literalAddress(service) })
    }

    async function verdicts(objects: readonly KubeObject[]): Promise<Record<string, Verdict>> {
      await lab.enforce(place, objects)
      return { pod: reach(toPod, BACKEND), itself: reach(toItself, POD), node: reach(toNode, 'node0') }
    }

    const egress = (...rules: readonly KubeObject[]): KubeObject => admin('deny', { egress: rules })

    test('without policies they are reached', async () => {
      expect(await verdicts([])).toEqual(REACHED)
    })

    test('a Service\'s address and port say nothing, neither for Deny nor for Accept', async () => {
      expect(await verdicts([egress(to('Deny', [SERVICE_NETWORKS]))])).toEqual(REACHED)
      expect(await verdicts([egress(to('Accept', [SERVICE_NETWORKS]), to('Deny', [EVERYWHERE]))])).toEqual(DENIED)
      expect(await verdicts([egress(to('Deny', [EVERY_POD], [port(PORT)]))])).toEqual(REACHED)
      expect(await verdicts([egress(to('Deny', [EVERY_POD], [port(TARGET_PORT)]))])).toEqual({ ...DENIED, node: 'allowed' })
    })

    test('the backend is judged, in both directions', async () => {
      expect(await verdicts([egress(to('Deny', [onePod(BACKEND)]))])).toEqual({ ...REACHED, pod: 'denied' })
      const ingress = admin('deny', { subject: onePod(BACKEND), ingress: [from('Deny', [onePod(POD)])] })
      expect(await verdicts([ingress])).toEqual({ ...REACHED, pod: 'denied' })
      const accept = egress(to('Accept', [onePod(BACKEND)], [port(TARGET_PORT)]), to('Deny', [EVERYWHERE]))
      expect(await verdicts([accept])).toEqual({ ...DENIED, pod: 'allowed' })
    })

    test('the own node behind a Service is a node, and a network', async () => {
      expect(await verdicts([egress(to('Deny', [EVERY_NODE]))])).toEqual({ ...REACHED, node: 'denied' })
      expect(await verdicts([egress(to('Accept', [EVERY_POD]), to('Deny', [EVERYWHERE]))])).toEqual({ ...REACHED, node: 'denied' })
      expect(await verdicts([policyObject('isolate', DENY_ALL)])).toMatchObject({ node: 'allowed' })
    })

    describe('a pod and itself', () => {
      const isolate = policyObject('isolate', DENY_ALL)
      const low = baseline('deny', { egress: [to('Deny', [EVERY_POD])] })
      test.each<[string, readonly KubeObject[], Verdict]>([
        ['NetworkPolicies never come between', [isolate], 'allowed'],
        ['Admin denies, for egress', [egress(to('Deny', [EVERY_POD]))], 'denied'],
        ['Admin denies, for ingress', [admin('deny', { ingress: [from('Deny', [onePod(POD)])] })], 'denied'],
        ['Admin denies by network', [egress(to('Deny', [EVERYWHERE]))], 'denied'],
        ['Admin passes, and NetworkPolicies do not come between', [isolate, egress(to('Pass', [EVERY_POD]))], 'allowed'],
        ['Baseline denies', [low], 'denied'],
        ['Baseline denies, for ingress', [baseline('deny', { ingress: [from('Deny', [EVERY_POD])] })], 'denied'],
        ['Baseline is not asked if NetworkPolicies isolate', [isolate, low], 'allowed'],
        ['Admin accepts', [isolate, low, egress(to('Accept', [EVERY_POD]))], 'allowed'],
      ])('%s', async (_, objects, expected) => {
        expect(await verdicts(objects)).toMatchObject({ itself: expected })
      })
    })
  })
})
