// What happens to connections that are open when policies change: NetworkPolicy leaves it to the implementation.
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { formatAddress } from '../../src/cluster/address.ts'
import { dial } from '../../lab/client.ts'
import { PATIENCE_MS } from '../../lab/patience.ts'
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
