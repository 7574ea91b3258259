// Links that lose, delay and reorder packets while policies change all the time: what is denied never gets through, and what is allowed
// does in the end.
import { once } from 'node:events'
import { createServer, type Server } from 'node:net'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { dial } from '../../../lab/client.ts'
import { formatAddress } from '../../../src/cluster/address.ts'
import { exec, inNamespace } from '../../../lab/namespace.ts'
import { PATIENCE_MS, repeats, until } from '../../../lab/patience.ts'
import { AgentLab } from '../../agent/agent-lab.ts'
import { PODS, policyObject, type PodName } from '../../situations/fixture.ts'

const PORT = 80
const CHANGES = repeats(200)
/** Nobody but x/b may ever reach it. */
const GUARDED: PodName = 'x/a'
const FRIEND: PodName = 'x/b'
const STRANGERS: readonly PodName[] = ['x/c', 'y/a', 'z/b']
const NETEM = ['netem', 'loss', '20%', 'delay', '2ms', '2ms', 'reorder', '30%', '50%', 'duplicate', '5%']

/** The same in other words: so peers, lists, counters and the pod's own rows change. */
const WORDINGS = [
  [{ from: [{ podSelector: { matchLabels: { pod: 'b' } } }] }],
  [{ from: [{ podSelector: { matchLabels: { pod: 'b' } } }], ports: [{ port: PORT }, { port: 1000, endPort: 2000 }] }],
  [{ from: [{ podSelector: { matchExpressions: [{ key: 'pod', operator: 'NotIn', values: ['a', 'c'] }] } }], ports: [{ protocol: 'TCP', port: PORT }] }],
]

let lab: AgentLab
let server: Server
let accepted: string[]

beforeEach(async () => {
  lab = new AgentLab()
  accepted = []
  server = createServer((socket) => {
    accepted.push(socket.remoteAddress!.replace(/^::ffff:/, ''))
    socket.on('error', () => undefined).resume()
  })
  const listening = once(server, 'listening')
  inNamespace(lab.pod(GUARDED).namespace, () => server.listen(PORT))
  await listening
  for (const name of PODS) {
    const { namespace, veth } = lab.pod(name)
    exec(namespace, ['tc', 'qdisc', 'add', 'dev', 'eth0', 'root', ...NETEM])
    exec(lab.namespace, ['tc', 'qdisc', 'add', 'dev', veth, 'root', ...NETEM])
  }
})
afterEach(async () => {
  server.close()
  await lab.close()
})

function say(turn: number): void {
  lab.write('policies.json', [
    policyObject(`turn-${turn % 2}`, { podSelector: { matchLabels: { pod: 'a' } }, ingress: WORDINGS[turn % WORDINGS.length] }),
    policyObject(`nothing-${turn % 5}`, { podSelector: { matchLabels: { pod: 'a' } }, policyTypes: ['Ingress'] }),
  ])
}

/** One try after the other. */
async function knock(from: PodName, end: AbortSignal): Promise<void> {
  while (!end.aborted) {
    const socket = dial(lab.pod(from).namespace, lab.pod(GUARDED).address4, PORT)
    socket.on('error', () => undefined)
    await Promise.race([once(socket, 'connect'), once(socket, 'close'), pause(50)]).catch(() => undefined)
    socket.destroy()
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

test('nothing of whom no policy allows gets through, and whom all allow does', async () => {
  say(0)
  const agent = await lab.start()
  const over = new AbortController()
  const knocking = [...STRANGERS, FRIEND].map((name) => knock(name, over.signal))
  const before = (await lab.counters())['deny-in/x/a'] ?? 0
  try {
    for (let turn = 1; turn <= CHANGES; turn++) {
      const generation = lab.generation()
      say(turn)
      await until(() => lab.generation() > generation)
    }
  } finally {
    over.abort()
  }
  await Promise.all(knocking)
  const friend = formatAddress(lab.pod(FRIEND).address4)
  const last = dial(lab.pod(FRIEND).namespace, lab.pod(GUARDED).address4, PORT)
  await once(last, 'connect', { signal: AbortSignal.timeout(PATIENCE_MS) })
  last.destroy()
  await until(() => accepted.includes(friend))
  expect(accepted.filter((address) => address !== friend)).toEqual([])
  expect((await lab.counters())['deny-in/x/a']!).toBeGreaterThan(before)
  expect(agent.complaints()).toEqual([])
})
