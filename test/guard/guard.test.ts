// What the agent makes of the node it is on: pods' veths that are guarded, pods that have none, and settings that are wrong.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { formatAddress } from '../../src/cluster/address.ts'
import { addressTexts, podNetworkAddress } from '../../lab/host.ts'
import { ipBatch } from '../../lab/namespace.ts'
import { quietly } from '../../lab/patience.ts'
import type { Verdict } from '../../lab/prober.ts'
import { podObject } from '../situations/fixture.ts'
import { AgentLab, PORT_80 } from '../agent/agent-lab.ts'
import type { AgentProcess } from '../agent/agent-process.ts'

let lab: AgentLab
let agent: AgentProcess

/** x/a sends to y/b as x/b, in both families. */
function spoof(): Verdict[] {
  const [from, to, other] = [lab.pod('x/a'), lab.pod('y/b'), lab.pod('x/b')]
  return ([4, 6] as const).map((family) => {
    const sourceAddress = family === 4 ? other.address4 : other.address6
    return lab.prober.probe({ from, to, probe: { ...PORT_80, family }, sourceAddress })
  })
}

describe.each(['routed', 'bridge'] as const)('%s pods', (layout) => {
  beforeAll(async () => {
    lab = new AgentLab({ layout })
    expect(spoof()).toEqual(['no-answer', 'no-answer']) // it arrives
    agent = await lab.start()
  })
  afterAll(() => lab.close())

  test('a packet with the address of another pod is dropped and counted, and others pass', async () => {
    expect(spoof()).toEqual(['denied', 'denied'])
    expect(await lab.counters()).toMatchObject({ spoofed: 2 })
    expect(lab.open()).toHaveLength(72)
    expect(await lab.counters()).toMatchObject({ spoofed: 2 })
    expect(agent.complaints()).toEqual([])
  })

  test('a pod without a veth is named, once, until it is gone; one that is about to end is not', async () => {
    const slots = [{ ...lab.place().slots[0]!, v4: podNetworkAddress(4, 0, 200), v6: podNetworkAddress(6, 0, 200) }]
    const ghost = podObject({ family: 4, slots }, 'x/a')
    const ending = { name: 'ending', namespace: 'x', deletionTimestamp: '2026-01-01T00:00:00Z' }
    lab.write('ghost.json', [{ ...ghost, metadata: { name: 'ghost', namespace: 'x' } }, { ...ghost, metadata: ending }])
    const line = await agent.heard(/ghost/)
    const address = formatAddress(slots[0]!.v4)
    expect(line).toMatchObject({ level: 40, object: 'Node node0', field: 'pod x/ghost', msg: expect.stringContaining(address) })
    lab.remove('ghost.json')
    await agent.heard('Node node0: pod x/ghost: no problem any more')
    expect(agent.complaints()).toHaveLength(1)
  })

  test('a pod that takes another’s address and drops its own is guarded as before', async () => {
    const [taker, other] = [lab.pod('x/a'), lab.pod('x/b')]
    const texts = addressTexts(other)
    const lines = ['addr flush dev eth0 scope global', ...texts.map((text) => `addr add ${text}/${text.includes(':') ? 128 : 32} dev eth0`)]
    ipBatch(taker.namespace, lines)
    lab.exec('ip', 'link', 'set', taker.veth, 'txqueuelen', '999') // the agent looks again at what is inside
    await quietly()
    expect(spoof()).toEqual(['denied', 'denied'])
    expect(agent.complaints()).toHaveLength(1)
  })

  test('a veth that is taken away', async () => {
    lab.exec('ip', 'link', 'del', 'veth8')
    await agent.heard(/^Node node0: pod z\/c no veth on this node leads to/)
  })
})

test('br_netfilter that is off where bridges carry pods is named with its remedy, also when that happens later', async () => {
  lab = new AgentLab({ layout: 'bridge' })
  try {
    lab.exec('sysctl', '-qw', 'net.bridge.bridge-nf-call-ip6tables=0')
    agent = await lab.start()
    expect(agent.complaints()).toEqual([expect.stringMatching(/^Node node0: net.bridge.bridge-nf-call-ip6tables .*not filtered; run "modprobe/)])
    lab.exec('sysctl', '-qw', 'net.bridge.bridge-nf-call-iptables=0')
    expect(await agent.heard(/bridge-nf-call-iptables/)).toMatchObject({ level: 40, object: 'Node node0' })
    lab.exec('sysctl', '-qw', 'net.bridge.bridge-nf-call-iptables=1', 'net.bridge.bridge-nf-call-ip6tables=1')
    await agent.heard('Node node0: net.bridge.bridge-nf-call-iptables: no problem any more')
    await agent.heard('Node node0: net.bridge.bridge-nf-call-ip6tables: no problem any more')
    expect(agent.complaints()).toHaveLength(2)
  } finally {
    await lab.close()
  }
})

test('IPv6 that is not forwarded is named where pods have IPv6 addresses', async () => {
  lab = new AgentLab()
  try {
    agent = await lab.start()
    lab.exec('sysctl', '-qw', 'net.ipv6.conf.all.forwarding=0')
    expect(await agent.heard(/net\.ipv6\.conf\.all\.forwarding is 0/)).toMatchObject({ level: 40, object: 'Node node0' })
    lab.exec('sysctl', '-qw', 'net.ipv6.conf.all.forwarding=1')
    await agent.heard('Node node0: net.ipv6.conf.all.forwarding: no problem any more')
  } finally {
    await lab.close()
  }
})
