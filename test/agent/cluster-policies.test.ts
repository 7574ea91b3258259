// ClusterNetworkPolicies and nodes in the agent's folder: enforced, edited, deleted; what rules have counted through restarts; and what a
// port is closed to whose pod only a ClusterNetworkPolicy judges.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { addressTexts } from '../../lab/host.ts'
import { Servers } from '../../lab/servers.ts'
import { until } from '../../lab/patience.ts'
import { Attack, udp } from '../packets/escapes/attack.ts'
import { admin, baseline, EVERY_NODE, EVERY_POD, from, inNamespaces, onePod, port, to } from '../situations/cluster/specs.ts'
import { type KubeObject, policyObject } from '../situations/fixture.ts'
import { AgentLab, cells, PORT_80 } from './agent-lab.ts'

const Y = inNamespaces('y')
const Z = inNamespaces('z')
const DENY_Y = admin('edge', { ingress: [from('Deny', [Y])] })
const BROADCAST = Buffer.alloc(6, 0xff)

function nodeObject(lab: AgentLab): KubeObject {
  const addresses = addressTexts(lab.lab.nodes[0]!).map((address) => ({ type: 'InternalIP', address }))
  return { apiVersion: 'v1', kind: 'Node', metadata: { name: 'node0' }, status: { addresses } }
}

describe.each(['netlink', 'nft'])('--backend %s', (backend) => {
  let lab: AgentLab
  const servers = new Servers()
  beforeAll(async () => {
    lab = new AgentLab()
    await servers.listen(lab.namespace, 'TCP', 80)
    lab.write('policy.json', [DENY_Y])
    await lab.start('--backend', backend)
  })
  afterAll(async () => {
    servers.close()
    await lab.close()
  })

  const openTo = (isOpen: (source: string, target: string) => boolean) => cells((source, target) => isOpen(source.slice(0, 1), target.slice(0, 1)))
  const reachesNode = () => lab.prober.probe({ from: lab.pod('x/a'), to: lab.lab.nodes[0]!, probe: PORT_80 })

  test('a start enforces them', () => {
    expect(lab.open()).toEqual(openTo((source, target) => !(source === 'y' && target === 'x')))
  })

  test('edits: rules, tier, priority and subject', async () => {
    lab.write('policy.json', [admin('edge', { ingress: [from('Deny', [Z])] })])
    await lab.untilCell('z/a > x/a', 'denied')
    expect(lab.open()).toEqual(openTo((source, target) => !(source === 'z' && target === 'x')))
    lab.write('policy.json', [baseline('edge', { priority: 1, subject: Y, egress: [to('Deny', [Z])] })])
    await lab.untilCell('z/a > x/a', 'allowed')
    expect(lab.open()).toEqual(openTo((source, target) => !(source === 'y' && target === 'z')))
  })

  test('a NetworkPolicy beside them, and their deletion', async () => {
    lab.write('more.json', [admin('accept', { ingress: [from('Accept', [Y])] }), policyObject('isolate', { podSelector: {} })])
    await lab.untilCell('z/a > x/a', 'denied')
    expect(lab.open()).toEqual(openTo((source, target) => (target === 'x' ? source === 'y' : !(source === 'y' && target === 'z'))))
    lab.remove('policy.json')
    await lab.untilCell('y/a > z/a', 'allowed')
    lab.remove('more.json')
    await lab.untilCell('z/a > x/a', 'allowed')
    expect(lab.open()).toEqual(cells(() => true))
  })

  test('a node that comes, and goes', async () => {
    lab.write('policy.json', [admin('edge', { egress: [to('Deny', [EVERY_NODE], [port(80)]), to('Deny', [onePod('z/c')])] })])
    await lab.untilCell('x/a > z/c', 'denied')
    expect(reachesNode()).toBe('allowed')
    lab.write('node.json', [nodeObject(lab)])
    await until(() => reachesNode() === 'denied', 'the node to be denied')
    lab.remove('node.json')
    await until(() => reachesNode() === 'allowed', 'the node to be allowed')
    lab.remove('policy.json')
    await lab.untilCell('x/a > z/c', 'allowed')
  })

  test('one that cannot be read is reported, fails closed, and stops no other', async () => {
    const broken = admin('broken', { subject: onePod('x/a'), egress: [to('Deny', [{}])] })
    const agent = lab.launched.at(-1)!
    const since = agent.logs.length
    lab.write('policy.json', [broken, DENY_Y])
    const line = await agent.heard(/has none of namespaces, pods/, since)
    expect(line).toMatchObject({ level: 40, object: 'ClusterNetworkPolicy broken (policy.json#1)', field: 'spec.egress[0].to[0]' })
    await lab.untilCell('y/a > x/b', 'denied')
    expect(lab.open()).toEqual(cells((source, target) => source !== 'x/a' && !(source.startsWith('y/') && target.startsWith('x/'))))
  })
})

describe('what rules have counted', () => {
  const OTHERS = cells((source, target) => source.startsWith('y/') && target.startsWith('x/')).length
  let lab: AgentLab
  beforeEach(() => {
    lab = new AgentLab()
  })
  afterEach(() => lab.close())

  test.each(['SIGTERM', 'SIGKILL'] as const)('goes on after %s', async (signal) => {
    lab.write('policy.json', [DENY_Y])
    const first = await lab.start()
    lab.open()
    await first.kill(signal)
    lab.open() // nobody is there, and it is counted all the same
    await lab.start()
    lab.open()
    expect(await lab.counters()).toMatchObject({ 'in/cluster/edge/deny-0': 3 * OTHERS, 'deny-admin-in/x/a': OTHERS })
    expect(lab.exec('nft', 'list', 'counter', 'inet', 'vethguard', 'in/cluster/edge/deny-0')).toContain('comment "edge ingress[0] Deny"')
  })

  test('is kept for the policy and the action if the rules change, whether an agent runs or not', async () => {
    const rules = (...ingress: readonly KubeObject[]) => lab.write('policy.json', [admin('edge', { ingress })])
    rules(from('Deny', [Y]))
    const first = await lab.start()
    lab.open()
    rules(from('Pass', [Z]), from('Accept', [EVERY_POD]))
    await lab.untilCell('y/a > x/a', 'allowed')
    lab.open()
    await first.kill('SIGKILL')
    const before = await lab.counters()
    expect(before['past-in/cluster/edge/deny']).toBeGreaterThanOrEqual(OTHERS) // each try of untilCell() counts
    expect(before['in/cluster/edge/accept-1']).toBeGreaterThanOrEqual(OTHERS)
    rules(from('Deny', [Z]), from('Deny', [Y]))
    await lab.start()
    expect(await lab.counters()).toMatchObject({
      'past-in/cluster/edge/deny': before['past-in/cluster/edge/deny'],
      'past-in/cluster/edge/pass': before['in/cluster/edge/pass-0'],
      'past-in/cluster/edge/accept': before['in/cluster/edge/accept-1'],
      'in/cluster/edge/deny-0': 0,
      'in/cluster/edge/deny-1': 0,
    })
    lab.remove('policy.json')
    await lab.untilCell('y/a > x/a', 'allowed')
    expect(Object.keys(await lab.counters()).filter((name) => name.includes('edge'))).toEqual([])
  })
})

describe.each(['on', 'off'])('the port of a pod that only a ClusterNetworkPolicy judges for ingress; source addresses guarded: %s', (spoofGuard) => {
  let lab: AgentLab
  let attack: Attack
  beforeAll(async () => {
    lab = new AgentLab({ layout: 'bridge' })
    attack = new Attack(lab, 'x/a')
    await lab.start('--spoof-guard', spoofGuard)
  })
  afterAll(async () => {
    attack.close()
    await lab.close()
  })

  const spec = { subject: onePod('y/b'), ingress: [from('Deny', [Z])] }
  test.each([['Admin', admin('deny', spec)], ['Baseline', baseline('deny', spec)]])(
    'is closed to what no policy can judge, and opens again: %s', async (_, policy) => {
      const pods = attack.send(stray)
      expect(pods).toContain(lab.pod('y/b').name)
      lab.write('policy.json', [policy])
      await lab.untilCell('z/a > y/b', 'denied')
      const before = (await lab.counters())['stray']!
      expect(attack.send(stray)).toEqual(pods.filter((name) => name !== lab.pod('y/b').name))
      expect((await lab.counters())['stray']).toBe(before + 1)
      expect(lab.open()).toEqual(cells((source, target) => !(source.startsWith('z/') && target === 'y/b')))
      lab.remove('policy.json')
      await lab.untilCell('z/a > y/b', 'allowed')
      expect(attack.send(stray)).toEqual(pods)
    },
  )

  function stray(note: Buffer): Buffer[] {
    return [attack.packet('10.244.0.255', udp(note), { mac: BROADCAST })]
  }
})
