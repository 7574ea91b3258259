// A pod sends to a tunnel of its own node: what the node unwraps comes from the tunnel's device, as if from a pod elsewhere.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { until } from '../../lab/patience.ts'
import { AgentLab } from '../agent/agent-lab.ts'
import type { AgentProcess } from '../agent/agent-process.ts'
import { ETHERTYPE, frame, ip, PROTOCOL } from '../netlink/nf-tables/frames.ts'
import { policyObject } from '../situations/fixture.ts'
import { Attack, PORT, udp } from './escapes/attack.ts'

const ATTACKER = 'x/a'
const VICTIM = 'y/b'
const VXLAN = 8472
/** Of a device that comes while the agent runs. */
const ANOTHER = 8999
/** Pods elsewhere, behind the tunnel. */
const REMOTE = ['10.250.9.9', 'fd00:250::9'] as const
const NETWORK = ['10.250.0.0/16', 'fd00:250::/64'] as const
const DEVICE_MAC = Buffer.from('02000000dd01', 'hex')
const FAMILIES = [4, 6] as const

let lab: AgentLab
let attack: Attack
let agent: AgentProcess | undefined

function ipOnNode(...args: readonly string[]): void {
  lab.exec('ip', ...args)
}

/** A tunnel over each family, as flannel has it: the node's routes lead to it. */
function addTunnels(): void {
  for (const [index, address] of attack.to('node0').entries()) {
    const device = `vxlan${index}`
    ipOnNode('link', 'add', device, 'address', '02:00:00:00:dd:01', 'type', 'vxlan', 'id', String(index + 1), 'dstport', String(VXLAN), 'local', address, 'udp6zerocsumrx')
    ipOnNode('link', 'set', device, 'up')
  }
  for (const network of NETWORK) ipOnNode('route', 'add', network, 'dev', 'vxlan0')
}

/** Wraps a datagram from a pod elsewhere to the victim. @param outer the family of the packet around it */
function wrapped(note: Buffer, outer: 4 | 6, inner: 4 | 6): Buffer {
  const index = outer === 4 ? 0 : 1
  const head = Buffer.from([8, 0, 0, 0, 0, 0, index + 1, 0])
  const [from, to] = [REMOTE, attack.to(VICTIM)].map((texts) => texts[inner === 4 ? 0 : 1])
  const packet = ip({ from: from!, to: to!, protocol: PROTOCOL.udp, payload: udp(note) })
  const framed = frame(inner === 4 ? ETHERTYPE.ip : ETHERTYPE.ip6, packet, DEVICE_MAC)
  return attack.packet(attack.to('node0')[index], udp(Buffer.concat([head, framed]), VXLAN))
}

/** Sends a packet to the node. @returns who hears of it */
function sendToNode(payload: (note: Buffer) => Buffer, { protocol = PROTOCOL.udp, family = 4 }: { protocol?: number; family?: 4 | 6 } = {}): string[] {
  return attack.send((note) => [attack.packet(attack.to('node0')[family === 4 ? 0 : 1], payload(note), { protocol })])
}

describe.each(['routed', 'bridge'] as const)('%s pods', (layout) => {
  beforeAll(() => {
    lab = new AgentLab({ layout })
    attack = new Attack(lab, ATTACKER)
    addTunnels()
    lab.write('policy.json', [policyObject('isolate', { podSelector: { matchLabels: { pod: 'b' } }, policyTypes: ['Ingress'] }, 'y')])
  })
  afterAll(async () => {
    attack.close()
    await lab.close()
  })
  afterEach(async () => {
    await agent?.kill()
    agent = undefined
    lab.exec('nft', 'flush', 'ruleset')
  })

  const ways = FAMILIES.flatMap((outer) => FAMILIES.map((inner) => ({ outer, inner })))

  test.each(ways)('without an agent IPv$inner in IPv$outer reaches a pod', ({ outer, inner }) => {
    expect(attack.send((note) => [wrapped(note, outer, inner)])).toContain(lab.pod(VICTIM).name)
  })

  describe('guarded', () => {
    beforeEach(async () => {
      agent = await lab.start()
    })

    test.each(ways)('IPv$inner in IPv$outer is dropped, and counted', async ({ outer, inner }) => {
      const before = (await lab.counters())['tunnelled']!
      expect(attack.send((note) => [wrapped(note, outer, inner)])).toEqual([])
      expect((await lab.counters())['tunnelled']).toBe(before + 1)
    })

    test.each(FAMILIES)('GRE is dropped, other protocols and ports are not: IPv%d', (family) => {
      expect(sendToNode((note) => note, { protocol: PROTOCOL.gre, family })).toEqual([])
      expect(sendToNode((note) => note, { protocol: PROTOCOL.experiment, family })).toEqual(['node0'])
      expect(sendToNode((note) => udp(note, PORT), { family })).toEqual(['node0'])
    })

    test('a device that comes is guarded, until it goes', async () => {
      const isHeard = (): boolean => sendToNode((note) => udp(note, ANOTHER)).includes('node0')
      expect(isHeard()).toBe(true)
      ipOnNode('link', 'add', 'another', 'type', 'vxlan', 'id', '7', 'dstport', String(ANOTHER))
      await until(() => !isHeard(), 'the port to be closed')
      ipOnNode('link', 'del', 'another')
      await until(isHeard, 'the port to be open')
    })
  })

  test('with other tunnels in the setting these alone are guarded, and what the devices have', async () => {
    agent = await lab.start('--tunnels', `udp/${PORT},ip/${PROTOCOL.experiment}`)
    expect(sendToNode((note) => udp(note, PORT))).toEqual([])
    expect(sendToNode((note) => note, { protocol: PROTOCOL.experiment })).toEqual([])
    expect(sendToNode((note) => note, { protocol: PROTOCOL.gre })).toEqual(['node0'])
    expect(attack.send((note) => [wrapped(note, 4, 4)])).toEqual([])
  })

  test('none is guarded if the setting is off', async () => {
    agent = await lab.start('--tunnels', 'off')
    expect(sendToNode((note) => note, { protocol: PROTOCOL.gre })).toEqual(['node0'])
  })
})
