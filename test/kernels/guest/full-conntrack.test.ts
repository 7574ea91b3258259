// A table of connections that is full: what is denied stays denied, what is under way goes on, and so does the agent. The limit belongs to
// the whole machine, which is why this runs in machines of its own.
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import type { Socket } from 'node:net'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { dial } from '../../../lab/client.ts'
import { PATIENCE_MS, until } from '../../../lab/patience.ts'
import { Servers } from '../../../lab/servers.ts'
import { AgentLab, cells } from '../../agent/agent-lab.ts'
import { policyObject } from '../../situations/fixture.ts'

const LIMIT = '/proc/sys/net/netfilter/nf_conntrack_max'
const PORT = 8080
/** Answered connections are never thrown out for others. */
const CONNECTIONS = 40
const DENY_A = policyObject('deny-a', { podSelector: { matchLabels: { pod: 'a' } } })
const DENY_C = policyObject('deny-c', { podSelector: { matchLabels: { pod: 'c' } } })

let lab: AgentLab
let limit: string
const servers = new Servers()
const sockets: Socket[] = []

beforeEach(() => {
  lab = new AgentLab()
  limit = readFileSync(LIMIT, 'utf8')
})
afterEach(async () => {
  writeFileSync(LIMIT, limit)
  for (const socket of sockets.splice(0)) socket.destroy()
  servers.close()
  await lab.close()
})

/** Connections that the node has dropped for want of room. */
function dropped(): number {
  const counts = [...lab.exec('conntrack', '-S').matchAll(/\bdrop=(\d+)/g)].map(([, count]) => Number(count))
  return counts.reduce((sum, count) => sum + count, 0)
}

async function open(count: number): Promise<void> {
  for (let index = 0; index < count; index++) {
    const socket = dial(lab.pod('x/b').namespace, lab.pod('y/b').address4, PORT)
    sockets.push(socket)
    await once(socket, 'connect', { signal: AbortSignal.timeout(PATIENCE_MS) })
  }
}

async function echoes(socket: Socket, text: string): Promise<void> {
  const answer = once(socket, 'data', { signal: AbortSignal.timeout(PATIENCE_MS) })
  socket.write(text)
  const [data] = await answer as [Buffer]
  expect(data.toString()).toBe(text)
}

test('denied stays denied, connections go on, and policies are followed', async () => {
  lab.write('policies.json', [DENY_A])
  const agent = await lab.start()
  await servers.listen(lab.pod('y/b').namespace, 'TCP', PORT)
  expect(lab.open()).toEqual(cells((_, to) => to !== 'x/a'))
  lab.lab.flushConntrack(lab.lab.nodes[0]!)
  await open(CONNECTIONS)
  writeFileSync(LIMIT, String(CONNECTIONS / 2))
  const before = dropped()
  expect(lab.open()).toEqual([]) // nothing new has room, whatever policies say
  expect(dropped()).toBeGreaterThan(before)
  await echoes(sockets[0]!, 'under way')
  const generation = lab.generation()
  lab.write('policies.json', [DENY_A, DENY_C])
  await until(() => lab.generation() > generation)
  expect(lab.open()).toEqual([])
  await echoes(sockets[1]!, 'still under way')
  expect(agent.complaints()).toEqual([])
  writeFileSync(LIMIT, limit)
  expect(lab.open()).toEqual(cells((_, to) => to !== 'x/a' && to !== 'x/c'))
  expect(agent.complaints()).toEqual([])
})
