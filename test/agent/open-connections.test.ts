// What happens to connections that are open when policies change: NetworkPolicy leaves it to the implementation.
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { formatAddress } from '../../src/cluster/address.ts'
import { connect, dial } from '../../lab/client.ts'
import { Servers } from '../../lab/servers.ts'
import { policyObject } from '../situations/fixture.ts'
import { AgentLab } from './agent-lab.ts'

const DENY_A = policyObject('deny-a', { podSelector: { matchLabels: { pod: 'a' } }, policyTypes: ['Ingress', 'Egress'] })
const PORT = 8080
const PATIENCE_MS = 500

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

/** Whether what is sent comes back. */
async function echoes(socket: Socket, text: string): Promise<boolean> {
  socket.write(text)
  try {
    const [data] = await once(socket, 'data', { signal: AbortSignal.timeout(PATIENCE_MS) }) as [Buffer]
    return data.toString() === text
  } catch {
    return false
  }
}

test('an open connection goes on when a policy comes that would not allow it, also after a restart; new ones are denied', async () => {
  const first = await lab.start()
  const { namespace } = lab.pod('y/b')
  const { address4 } = lab.pod('x/a')
  const socket = dial(namespace, address4, PORT)
  try {
    await once(socket, 'connect')
    expect(await echoes(socket, 'before')).toBe(true)
    lab.write('policy.json', [DENY_A])
    await lab.untilCell('y/b > x/a', 'denied')
    expect(await connect(namespace, address4, PORT, PATIENCE_MS)).toBe('timeout')
    expect(await echoes(socket, 'after')).toBe(true)
    await first.kill()
    await lab.start()
    expect(await echoes(socket, 'after a restart')).toBe(true)
    lab.exec('conntrack', '--delete', '--reply-src', formatAddress(address4), '--proto', 'tcp') // as an administrator ends it
    expect(await echoes(socket, 'without its entry')).toBe(false)
  } finally {
    socket.destroy()
  }
})
