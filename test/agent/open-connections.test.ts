// What happens to connections that are open when policies change: NetworkPolicy leaves it to the implementation.
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { formatAddress } from '../../src/cluster/address.ts'
import { dial } from '../../lab/client.ts'
import { PATIENCE_MS } from '../../lab/patience.ts'
import type { Attempt, Probe } from '../../lab/prober.ts'
import { Servers } from '../../lab/servers.ts'
import { clusterPolicyObject, policyObject } from '../situations/fixture.ts'
import { AgentLab } from './agent-lab.ts'
import type { AgentProcess } from './agent-process.ts'

const DENY_A = policyObject('deny-a', { podSelector: { matchLabels: { pod: 'a' } }, policyTypes: ['Ingress', 'Egress'] })
const DENY_ALL = clusterPolicyObject('deny-all', {
  tier: 'Admin', priority: 0, subject: { namespaces: {} }, ingress: [{ action: 'Deny', from: [{ namespaces: {} }] }],
})
const PORT = 8080
const DENIALS = 'deny-in/x/a'

const EXPECTED_PORT = 7070
/** Each connection to PORT makes conntrack expect one the other way, as active FTP has it. */
const EXPECTING = `table ip expecting {
  ct expectation more { protocol tcp; dport ${EXPECTED_PORT}; timeout 1h; size 12; l3proto ip; }
  chain forward { type filter hook forward priority -10; tcp dport ${PORT} ct state new ct expectation set "more"; }
}`

const servers = new Servers()
let lab: AgentLab

beforeAll(async () => {
  lab = new AgentLab()
  await servers.listen(lab.pod('x/a').namespace, 'TCP', PORT)
})
afterAll(async () => {
  servers.close()
  await lab.close()
})

/** What is sent comes back. */
async function expectEcho(socket: Socket, text: string): Promise<void> {
  socket.write(text)
  const [data] = await once(socket, 'data', { signal: AbortSignal.timeout(PATIENCE_MS) }) as [Buffer]
  expect(data.toString()).toBe(text)
}

test('an open connection goes on when a policy comes that would not allow it, also after a restart; new ones are denied', async () => {
  const first = await lab.start()
  const { namespace } = lab.pod('y/b')
  const { address4 } = lab.pod('x/a')
  const socket = dial(namespace, address4, PORT)
  let second: AgentProcess | undefined
  try {
    await once(socket, 'connect')
    await expectEcho(socket, 'before')
    lab.write('policy.json', [DENY_A])
    await lab.untilCell('y/b > x/a', 'denied')
    await lab.expectDenied(DENIALS, () => dial(namespace, address4, PORT), 'connect')
    await expectEcho(socket, 'after')
    await first.kill()
    second = await lab.start()
    await expectEcho(socket, 'after a restart')
    lab.exec('conntrack', '--delete', '--reply-src', formatAddress(address4), '--proto', 'tcp') // as an administrator ends it
    await lab.expectDenied(DENIALS, () => (socket.write('without its entry'), socket), 'data')
  } finally {
    socket.destroy()
    await second?.kill()
  }
})

test.each<Probe>([
  { protocol: 'TCP', port: PORT, family: 4 },
  { protocol: 'TCP', port: PORT, family: 6 },
  { protocol: 'SCTP', port: PORT, family: 4 },
  { protocol: 'SCTP', port: PORT, family: 6 },
])('the source port of an open connection opens no other one that is denied: $protocol, IPv$family', async (probe) => {
  lab.write('policy.json', [])
  const agent = await lab.start()
  const from = (cell: 'y/b > x/a' | 'y/b > x/b'): Attempt => ({ ...lab.attempt(cell, probe), sourcePort: 7000 })
  try {
    expect([lab.prober.probe(from('y/b > x/a')), lab.prober.probe(from('y/b > x/b'))]).toEqual(['allowed', 'allowed'])
    lab.write('policy.json', [DENY_A])
    await lab.untilCell('y/b > x/a', 'denied', probe)
    const before = await lab.counters()
    expect([lab.prober.probe(from('y/b > x/a')), lab.prober.probe(from('y/b > x/b'))]).toEqual(['denied', 'allowed'])
    expect((await lab.counters())[DENIALS]).toBe(before[DENIALS]! + 1)
  } finally {
    await agent.kill()
  }
})

test('what conntrack relates to a connection is judged like any other', async () => {
  lab.write('policy.json', [])
  const agent = await lab.start()
  const attempt: Attempt = { ...lab.attempt('y/b > x/a', { protocol: 'TCP', port: PORT, family: 4 }), sourcePort: 7001 }
  try {
    lab.exec('nft', EXPECTING)
    lab.prober.probe(attempt) // now conntrack expects another connection, as a helper would have it
    lab.write('policy.json', [DENY_A])
    await lab.untilCell('y/b > x/a', 'denied')
    expect(lab.exec('conntrack', '--dump', 'expect')).toContain(`dport=${EXPECTED_PORT}`)
    const before = await lab.counters()
    expect(lab.prober.probe(lab.attempt('x/a > y/b', { ...attempt.probe, port: EXPECTED_PORT }))).toBe('denied')
    expect((await lab.counters())['deny-out/x/a']).toBe(before['deny-out/x/a']! + 1)
  } finally {
    lab.exec('nft', 'delete table ip expecting')
    await agent.kill()
  }
})

test('a ClusterNetworkPolicy counts for new connections only', async () => {
  lab.write('policy.json', [])
  const agent = await lab.start()
  const { namespace } = lab.pod('y/b')
  const { address4 } = lab.pod('x/a')
  const socket = dial(namespace, address4, PORT)
  try {
    await once(socket, 'connect')
    lab.write('policy.json', [DENY_ALL])
    await lab.untilCell('y/b > x/a', 'denied')
    await lab.expectDenied('deny-admin-in/x/a', () => dial(namespace, address4, PORT), 'connect')
    await expectEcho(socket, 'still open')
  } finally {
    socket.destroy()
    await agent.kill()
  }
})
