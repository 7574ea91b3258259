// What comes back: answers and errors of connections that are allowed, whatever the other direction's rules; nothing of those that are not.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { connect } from '../../../lab/client.ts'
import { Fence } from '../../../lab/fence.ts'
import { macBytes } from '../../../lab/frame.ts'
import { addressTexts, type Host } from '../../../lab/host.ts'
import { onOneCpu } from '../../../lab/native.ts'
import { PacketSocket } from '../../../lab/packet-socket.ts'
import { PATIENCE_MS } from '../../../lab/patience.ts'
import { gatewayMac, type LabPod } from '../../../lab/pod.ts'
import { ETHERTYPE, frame, ip, PROTOCOL, summed } from '../../netlink/nf-tables/frames.ts'
import { addressOf, type ClusterPlace } from '../../situations/cluster/place.ts'
import { admin, baseline, EVERY_POD, EVERYWHERE, from, hostNetworkPod, to } from '../../situations/cluster/specs.ts'
import { type End, type KubeObject, policyObject } from '../../situations/fixture.ts'
import { DENY_ALL } from '../../situations/specs.ts'
import { udp } from '../escapes/attack.ts'
import { ClusterLab } from './cluster-lab.ts'

const POD = 'x/a'
const PORT = 8080
/** Nobody listens there. */
const CLOSED_PORT = 9
const [UDP_CHECKSUM, ICMP_CHECKSUM] = [6, 2]
/** Every peer, the world included: one that is not understood. */
const NOBODY_COMES_IN = from('Deny', [{}])
/** ICMPv6 (RFC 4861). */
const [FIRST_OF_DISCOVERY, LAST_OF_DISCOVERY] = [133, 137]
/** Four packets denied, and nothing heard. */
const SILENCE = ['denied', 'denied', 'denied', 'denied', 0]
const UNKNOWN_PEER = ['spec.ingress[0].from[0]']
const NOBODY_GOES_OUT = to('Deny', [EVERYWHERE])

/** Whether a frame is a packet to the host, and no discovery: kernels on a bridge look for each other at any time. */
function isWord(bytes: Buffer, host: Host): boolean {
  const etherType = bytes.readUInt16BE(12)
  if (!bytes.subarray(0, 6).equals(macBytes(host.mac)) || (etherType !== ETHERTYPE.ip && etherType !== ETHERTYPE.ip6)) return false
  const [protocol, type] = [bytes[20]!, bytes[54]!]
  return etherType === ETHERTYPE.ip || protocol !== PROTOCOL.icmpv6 || type < FIRST_OF_DISCOVERY || type > LAST_OF_DISCOVERY
}

describe.each(['routed', 'bridge'] as const)('%s pods', (layout) => {
  let lab: ClusterLab
  let fence: Fence
  beforeAll(async () => {
    lab = await ClusterLab.create(layout)
    fence = new Fence(lab.lab.fabric)
    for (const end of [POD, 'y/a', 'outside'] as const) await lab.servers.listen(hostOf(end).namespace, 'TCP', PORT)
  })
  afterAll(() => {
    fence.close()
    lab.close()
  })

  function hostOf(end: End): Host {
    return lab.hostOf(end, lab.place(4), POD)
  }

  /** Frames that come to a host while others send. */
  function heard(host: Host, send: () => void): Buffer[] {
    const socket = new PacketSocket(host.namespace, 'eth0')
    try {
      onOneCpu(() => {
        send()
        fence.pass()
      })
      const frames: Buffer[] = []
      for (let bytes = socket.receive(); bytes !== undefined; bytes = socket.receive()) frames.push(Buffer.from(bytes))
      return frames
    } finally {
      socket.close()
    }
  }

  function sendFrom(host: Host, bytes: Buffer): void {
    const socket = new PacketSocket(host.namespace, 'eth0')
    socket.send(bytes)
    socket.close()
  }

  describe.each([4, 6] as const)('IPv%d', (family) => {
    let place: ClusterPlace
    beforeAll(() => {
      place = lab.place(family)
    })

    const etherType = family === 4 ? ETHERTYPE.ip : ETHERTYPE.ip6
    const texts = (end: End): string => addressTexts(hostOf(end))[family === 4 ? 0 : 1]
    const open = (source: End, target: End) => connect(hostOf(source).namespace, addressOf(place, target, source), PORT, AbortSignal.timeout(PATIENCE_MS))

    test('a pod that nothing may come to gets the answers to what it sends', async () => {
      await lab.enforce(place, [admin('deny', { ingress: [NOBODY_COMES_IN] })], UNKNOWN_PEER)
      expect([await open(POD, 'y/a'), await open(POD, 'outside')]).toEqual(['open', 'open'])
    })

    test('a pod that may send nothing answers everybody: nodes, other nodes\' pods on their network, the world, pods', async () => {
      const peers = [EVERY_POD, { pods: { podSelector: { matchLabels: { app: 'host' } } } }]
      await lab.enforce(place, [
        hostNetworkPod(place, 'node1', 'y', { app: 'host' }),
        admin('deny', { egress: [NOBODY_GOES_OUT], ingress: [from('Deny', [peers[1]!])] }),
        baseline('default', { ingress: [from('Deny', [peers[1]!])] }),
      ])
      for (const source of ['node0', 'node1', 'outside', 'y/a'] as const) expect([source, await open(source, POD)]).toEqual([source, 'open'])
    })

    test('the own node reaches a pod, whoever may not come in or go out', async () => {
      await lab.enforce(place, [admin('deny', { ingress: [NOBODY_COMES_IN], egress: [NOBODY_GOES_OUT] }), policyObject('isolate', DENY_ALL)], UNKNOWN_PEER)
      expect(await open('node0', POD)).toBe('open')
    })

    test('errors of an allowed connection come back, those of none do not', async () => {
      const pod = hostOf(POD) as LabPod
      const outside = hostOf('outside')
      const request = { from: texts(POD), to: texts('outside'), protocol: PROTOCOL.udp }
      const error = { from: request.to, to: request.from, protocol: family === 4 ? PROTOCOL.icmp : PROTOCOL.icmpv6 }
      const question = (port: number) => ip({ ...request, payload: summed(request, udp(Buffer.from('question'), port), UDP_CHECKSUM) })
      const quoting = (port: number) => Buffer.concat([Buffer.from(family === 4 ? [3, 3, 0, 0, 0, 0, 0, 0] : [1, 4, 0, 0, 0, 0, 0, 0]), question(port)])
      const isError = (bytes: Buffer) => bytes.includes('question')
      const ask = (port: number) => heard(pod, () => sendFrom(pod, frame(etherType, question(port), macBytes(gatewayMac(pod))))).some(isError)
      const forge = (port: number) => heard(pod, () => {
        sendFrom(outside, frame(etherType, ip({ ...error, payload: summed(error, quoting(port), ICMP_CHECKSUM) }), macBytes(pod.node.mac)))
      }).some(isError)
      await lab.enforce(place, [])
      expect([ask(CLOSED_PORT), forge(CLOSED_PORT + 1)]).toEqual([true, true])
      await lab.enforce(place, [admin('deny', { ingress: [NOBODY_COMES_IN] })], UNKNOWN_PEER)
      expect([ask(CLOSED_PORT + 2), forge(CLOSED_PORT + 2), forge(CLOSED_PORT + 3)]).toEqual([true, true, false])
    })

    const denials: readonly (readonly [string, readonly KubeObject[], readonly End[]])[] = [
      ['Admin, for egress', [admin('deny', { egress: [NOBODY_GOES_OUT] })], ['y/a', 'outside', 'node0', 'node1', 'gateway']],
      ['Baseline, for egress', [baseline('deny', { egress: [NOBODY_GOES_OUT] })], ['y/a', 'outside', 'node0', 'node1', 'gateway']],
      ['isolation, for egress', [policyObject('isolate', DENY_ALL)], ['y/a', 'outside', 'node1']],
    ]

    test.each(denials)('what is denied is dropped without a word: %s', async (_, policies, targets) => {
      await lab.enforce(place, policies)
      for (const target of targets) expect([target, silence(POD, target)]).toEqual([target, SILENCE])
    })

    test.each([
      ['Admin', admin('deny', { ingress: [NOBODY_COMES_IN] }), UNKNOWN_PEER],
      ['Baseline', baseline('deny', { ingress: [NOBODY_COMES_IN] }), UNKNOWN_PEER],
      ['isolation', policyObject('isolate', DENY_ALL), []],
    ])('what is denied is dropped without a word: %s, for ingress', async (_, policy, problems) => {
      await lab.enforce(place, [policy], problems)
      for (const source of ['y/a', 'outside'] as const) expect([source, silence(source, POD)]).toEqual([source, SILENCE])
    })

    /** The verdicts of one packet of each protocol, and how many frames came back. */
    function silence(source: End, target: End): (string | number)[] {
      const verdicts: string[] = []
      const frames = heard(hostOf(source), () => {
        for (const protocol of ['TCP', 'UDP', 'SCTP', 'ICMP'] as const) {
          verdicts.push(lab.prober.probe(lab.attempt(place, { from: source, to: target }, { protocol, port: protocol === 'ICMP' ? 0 : PORT })))
        }
      })
      return [...verdicts, frames.filter((bytes) => isWord(bytes, hostOf(source))).length]
    }
  })
})
