// A defect of the program ends the process, whoever called: what is half taken in would be wrong for good.
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals'
import pino from 'pino'
import { Agent } from '../../src/agent/agent.ts'
import { NodeBindings } from '../../src/guard/node-bindings.ts'
import { podKey } from '../../src/cluster/objects.ts'
import type { Veth } from '../../src/cluster/veth.ts'
import { Compiler } from '../../src/compiler/compiler.ts'
import type { Change } from '../../src/source.ts'
import { pod, policy } from '../policy/state.ts'
import { quietly, until } from '../../lab/patience.ts'
import { agentOf, NODE, ToldSource } from './agent-in-process.ts'
import { MemoryBackend } from './memory-backend.ts'
import { gatherUncaught } from './uncaught.ts'

const DENY = policy('x/deny', { podSelector: {} })
const POD = pod('x/p', '10.0.0.1')
const VETH: Veth = { ifindex: 7, ifname: 'v7', bridge: undefined, addresses: [...POD.addresses], linkLocal: [], routed: [], learned: [] }
const FIRST: readonly Change[] = [{ kind: 'policy', key: DENY.key, now: DENY }, { kind: 'pod', key: podKey(POD), now: POD }]
const SILENT = pino({ level: 'silent' })
const DEFECT = new TypeError('a defect')

let uncaught: unknown[]
let failures: string[]
beforeEach(() => {
  uncaught = gatherUncaught()
  failures = []
})
afterEach(() => {
  jest.restoreAllMocks()
})

const observer = { failed: (stage: string, reason: string) => failures.push(`${stage} ${reason}`) }

/** Changes that are compiled in turns, the last of which cannot be. */
function badBatch(): Change[] {
  const pods = Array.from({ length: 3000 }, (_, n) => pod(`x/q${n}`, `10.1.${n >> 8}.${n & 255}`, { nodeName: 'node-b' }))
  Object.defineProperty(pods.at(-1)!, 'addresses', { get: () => { throw DEFECT } })
  return pods.map((now) => ({ kind: 'pod', key: podKey(now), now }))
}

test('of compiling, while a comparison waits for its end', async () => {
  const [source, backend] = [new ToldSource(FIRST), new MemoryBackend()]
  const agent = agentOf(source, backend, { checkMs: 10, compareSeconds: 60, observer })
  await agent.start()
  backend.tamper('in_judged4', (elements) => elements.clear())
  await until(() => backend.looks > 0)
  source.say(...badBatch())
  await until(() => uncaught.length > 0)
  await quietly()
  expect(uncaught).toEqual([DEFECT])
  expect(failures).toEqual([])
  await agent.close()
})

test('of compiling what came while the kernel refused', async () => {
  const [source, backend] = [new ToldSource(FIRST), new MemoryBackend()]
  const agent = agentOf(source, backend, { observer })
  await agent.start()
  backend.moods.push('throws', 'throws')
  source.say({ kind: 'pod', key: podKey(POD), now: undefined })
  source.say(...badBatch())
  await until(() => uncaught.length > 0)
  await quietly()
  expect(uncaught).toEqual([DEFECT])
  await agent.close()
})

test('of binding pods, while it is looked for their veths', async () => {
  let [veths, isBroken]: [Veth[], boolean] = [[], false]
  const agent = new Agent({
    nodeName: NODE,
    spoofGuard: true,
    tunnels: [],
    source: new ToldSource(FIRST),
    backend: new MemoryBackend(),
    log: SILENT,
    observer,
    checkMs: 10,
    veths: (changed) => ({
      start: () => undefined,
      veths: () => {
        if (isBroken) throw DEFECT
        return veths
      },
      tunnels: () => [],
      refresh: () => {
        if (veths.length > 0) return
        veths = [VETH]
        isBroken = true
        changed()
        isBroken = false
      },
      close: () => Promise.resolve(),
    }),
  })
  await agent.start()
  await until(() => uncaught.length > 0)
  await agent.close()
  expect(uncaught).toEqual([DEFECT])
  expect(failures).toEqual([])
})

test('what could not be bound is bound the next time', () => {
  const compiler = new Compiler(NODE)
  compiler.load(FIRST)
  let isBroken = true
  const veths = (): Veth[] => {
    if (isBroken) throw DEFECT
    return [VETH]
  }
  const node = new NodeBindings({
    compiler,
    nodeName: NODE,
    spoofGuard: true,
    tunnels: [],
    log: SILENT,
    veths: () => ({ start: () => undefined, veths, tunnels: () => [], refresh: () => undefined, close: () => Promise.resolve() }),
    onChange: () => undefined,
    onProblems: () => undefined,
    onFailure: () => undefined,
  })
  expect(() => node.bind()).toThrow(DEFECT)
  isBroken = false
  node.bind()
  expect(node.unguarded).toBe(0)
})
