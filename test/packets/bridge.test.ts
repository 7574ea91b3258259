// What reaches a pod on a bridge without naming its address: broadcast, multicast, link-local and other addresses of the pod, and
// tagged frames. None of it passes by a policy, whatever is said of source addresses.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { type Address, formatAddress } from '../../src/cluster/address.ts'
import { AgentLab } from '../agent/agent-lab.ts'
import { connect, dial } from '../../lab/client.ts'
import { Fence } from '../../lab/fence.ts'
import { macBytes } from '../../lab/frame.ts'
import { addressTexts } from '../../lab/host.ts'
import { exec } from '../../lab/namespace.ts'
import { onOneCpu } from '../../lab/native.ts'
import { PATIENCE_MS } from '../../lab/patience.ts'
import { PacketSocket } from '../../lab/packet-socket.ts'
import type { LabPod } from '../../lab/pod.ts'
import { Servers } from '../../lab/servers.ts'
import { ETHERTYPE, frame, ip, PROTOCOL, tagged } from '../netlink/nf-tables/frames.ts'
import { type PodName, policyObject } from '../situations/fixture.ts'

const SENDER: PodName = 'x/a'
const ISOLATED: PodName = 'x/b'
const OPEN: PodName = 'y/b'

/** x/a may talk to port 80 of x/b, and that is all. */
const POLICY = policyObject('web', {
  podSelector: { matchLabels: { pod: 'b' } },
  ingress: [{ from: [{ podSelector: { matchLabels: { pod: 'a' } } }], ports: [{ port: 80 }] }],
})

const ALL_NODES = macBytes('33:33:00:00:00:01')

/** Frames of x/a to a pod, with something in them to know them by. */
type Send = (lab: AgentLab, to: LabPod, note: Buffer) => Buffer

const FRAMES: readonly (readonly [string, Send])[] = [
  ['the network’s broadcast', (lab, _, note) => frame(ETHERTYPE.ip, udp(lab, '10.244.0.255', note))],
  ['limited broadcast', (lab, _, note) => frame(ETHERTYPE.ip, udp(lab, '255.255.255.255', note))],
  ['multicast', (lab, _, note) => frame(ETHERTYPE.ip, udp(lab, '224.0.0.251', note), macBytes('01:00:5e:00:00:fb'))],
  ['all nodes', (lab, _, note) => frame(ETHERTYPE.ip6, udp(lab, 'ff02::1', note), ALL_NODES)],
  ['the link-local address', (lab, to, note) => frame(ETHERTYPE.ip6, udp(lab, linkLocal(to), note), macBytes(to.mac))],
  ['another address of the pod', (lab, to, note) => frame(ETHERTYPE.ip, udp(lab, '192.168.77.1', note), macBytes(to.mac))],
  ['the address of another pod', (lab, to, note) => frame(ETHERTYPE.ip, udp(lab, addressTexts(lab.pod('z/b'))[0], note), macBytes(to.mac))],
  ['neither IP nor ARP', (_, to, note) => frame(ETHERTYPE.lldp, note, macBytes(to.mac))],
]

const TAGGED: readonly (readonly [string, Send])[] = [ETHERTYPE.vlan, ETHERTYPE.serviceVlan].flatMap((tag) => [
  [`IPv4 in ${tag.toString(16)}`, (lab, to, note) => tagged(tag, ETHERTYPE.ip, udp(lab, addressTexts(to)[0], note), macBytes(to.mac))],
  [`IPv6 in ${tag.toString(16)}`, (lab, to, note) => tagged(tag, ETHERTYPE.ip6, udp(lab, addressTexts(to)[1], note), macBytes(to.mac))],
] as const)

let lab: AgentLab
let fence: Fence
const servers = new Servers()
let notes = 0

describe.each(['on', 'off'])('source addresses guarded: %s', (spoofGuard) => {
  beforeAll(async () => {
    lab = new AgentLab({ layout: 'bridge' })
    fence = new Fence(lab.lab.fabric)
    for (const [name, send] of [...FRAMES, ...TAGGED]) expect([name, arrives(send, ISOLATED)]).toEqual([name, true])
    for (const pod of [ISOLATED, OPEN]) for (const port of [80, 81]) await servers.listen(lab.pod(pod).namespace, 'TCP', port)
    lab.write('policy.json', [POLICY])
    await lab.start('--spoof-guard', spoofGuard)
  })
  afterAll(async () => {
    servers.close()
    fence.close()
    await lab.close()
  })

  test.each(FRAMES)('%s: an isolated pod gets nothing, another does', async (name, send) => {
    const before = (await lab.counters())['stray']!
    expect(arrives(send, ISOLATED)).toBe(false)
    expect((await lab.counters())['stray']! > before).toBe(!isGuarded(name))
    expect(arrives(send, OPEN)).toBe(!isGuarded(name))
  })

  test.each(TAGGED)('%s: an isolated pod gets nothing', (_, send) => {
    expect(arrives(send, ISOLATED)).toBe(false)
    expect(arrives(send, OPEN)).toBe(spoofGuard === 'off')
  })

  test('what is allowed goes on, ARP and neighbour discovery included', async () => {
    for (let round = 0; round < 2; round++) {
      for (const pod of [SENDER, ISOLATED, OPEN]) exec(lab.pod(pod).namespace, ['ip', 'neigh', 'flush', 'dev', 'eth0'])
      expect(await outcomes(ISOLATED, 80)).toEqual(['open', 'open'])
      expect(await outcomes(OPEN, 81)).toEqual(['open', 'open'])
    }
    for (const address of addressesOf(ISOLATED)) {
      await lab.expectDenied('deny-in/x/b', () => dial(lab.pod(SENDER).namespace, address, 81), 'connect')
    }
  })

  test('a pod is closed and opened together with its policy', async () => {
    const [, broadcast] = FRAMES[0]!
    lab.remove('policy.json')
    await lab.untilCell('y/a > x/b', 'allowed')
    expect(arrives(broadcast, ISOLATED)).toBe(true)
    lab.write('policy.json', [POLICY])
    await lab.untilCell('y/a > x/b', 'denied')
    expect(arrives(broadcast, ISOLATED)).toBe(false)
  })

  /** The guard takes it before it is on its way. */
  function isGuarded(name: string): boolean {
    return spoofGuard === 'on' && name === 'neither IP nor ARP'
  }
})

/** Whether a frame of x/a arrives at the pod, when nothing is on its way any more. */
function arrives(send: Send, name: PodName): boolean {
  const to = lab.pod(name)
  const note = Buffer.from(`note ${++notes} ${'.'.repeat(40)}`)
  const sockets = [lab.pod(SENDER), to].map(({ namespace }) => new PacketSocket(namespace, 'eth0')) as [PacketSocket, PacketSocket]
  try {
    onOneCpu(() => {
      sockets[0].send(send(lab, to, note))
      fence.pass()
    })
    for (let bytes = sockets[1].receive(); bytes !== undefined; bytes = sockets[1].receive()) if (bytes.includes(note)) return true
    return false
  } finally {
    for (const socket of sockets) socket.close()
  }
}

/** Of real connections from x/a, IPv4 and IPv6. */
async function outcomes(to: PodName, port: number): Promise<string[]> {
  const end = AbortSignal.timeout(PATIENCE_MS)
  return Promise.all(addressesOf(to).map((address) => connect(lab.pod(SENDER).namespace, address, port, end)))
}

function addressesOf(name: PodName): Address[] {
  const { address4, address6 } = lab.pod(name)
  return [address4, address6]
}

function udp(lab: AgentLab, to: string, note: Buffer): Buffer {
  const { address4, address6 } = lab.pod(SENDER)
  const head = Buffer.alloc(8)
  head.writeUInt16BE(40_000, 0)
  head.writeUInt16BE(5000, 2)
  head.writeUInt16BE(head.length + note.length, 4)
  return ip({ from: formatAddress(to.includes(':') ? address6 : address4), to, protocol: PROTOCOL.udp, payload: Buffer.concat([head, note]) })
}

function linkLocal({ namespace }: LabPod): string {
  const text = exec(namespace, ['ip', '-6', '-o', 'addr', 'show', 'dev', 'eth0', 'scope', 'link'])
  return /inet6 ([^/]+)/.exec(text)![1]!
}
