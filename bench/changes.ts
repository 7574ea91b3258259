// How long one change takes from the event in the agent to the kernel's confirmation, and how long a start takes. Runs the agent's
// own loop against a network namespace of its own. One JSON line on stdout.
//   node --expose-gc bench/changes.ts [PODS POLICIES LOCAL_PODS]
import process from 'node:process'
import pino from 'pino'
import { Agent } from '../src/agent/agent.ts'
import type { Commit } from '../src/agent/observer.ts'
import type { Change } from '../src/source.ts'
import type { Pod } from '../src/cluster/objects.ts'
import type { Veth } from '../src/cluster/veth.ts'
import { createBackend } from '../src/netlink/create-backend.ts'
import { createNamespaces, deleteNamespaces, namespacePrefix, onProcessEnd } from '../lab/namespace.ts'
import { MemorySource } from './memory-source.ts'
import { summarize } from './statistics.ts'
import { changesOf, clusterPolicyOf, namespacesIn, NODE, podChange, podOf, policyFrom } from './world.ts'

const [pods = 100_000, policies = 1_000, localPods = 100] = process.argv.slice(2).map(Number)
const RUNS = Number(process.env['BENCH_RUNS'] ?? 1000)
/** A part of the names of the changes to measure. */
const ONLY = process.env['BENCH_ONLY'] ?? ''
const WARM_UP = 20
const MB = 1e6

/** Change number n of a kind; every second one takes the one before it back. */
type Edit = (n: number) => Change

const size = { pods, policies, localPods }
async function measure() {
  const source = new MemorySource(changesOf(size))
  const commits: Commit[] = []
  const veths = vethsOf(Array.from({ length: localPods }, (_, index) => podOf(size, index)))
  const agent = new Agent({
    nodeName: NODE,
    spoofGuard: true,
    tunnels: [],
    source,
    backend: createBackend({ kind: 'netlink', namespace: `/run/netns/${namespace}` }),
    veths: () => ({ start: () => undefined, veths: () => veths, tunnels: () => [], refresh: () => undefined, close: () => Promise.resolve() }),
    log: pino({ level: 'warn' }, pino.destination(2)),
    observer: { committed: (commit) => commits.push(commit) },
  })
  const startedAt = performance.now()
  await agent.start()
  const start = { ms: Math.round(performance.now() - startedAt), peakRssMB: peakRssMB() }
  global.gc?.()
  const heapMB = Math.round(process.memoryUsage().heapUsed / MB)
  const changes: Record<string, unknown> = {}
  for (const [name, edit] of Object.entries(EDITS)) if (name.includes(ONLY)) changes[name] = await run(source, commits, name, edit)
  const { sizes } = agent.view
  await agent.close()
  return { size, start: { ...start, heapMB }, changes, peakRssMB: peakRssMB(), sizes }
}

function peakRssMB(): number {
  return Math.round(process.resourceUsage().maxRSS / 1e3)
}

/** @throws if nothing was committed for a long time: the change had no effect, and a benchmark must not measure that */
async function committed(commits: readonly Commit[], name: string, i: number): Promise<Commit> {
  const deadline = performance.now() + 30_000
  await nextTurn()
  while (commits[0] === undefined && performance.now() < deadline) await nextTurn()
  if (commits[0] === undefined) throw new Error(`${name}: change ${i} has no effect`)
  return commits[0]
}

/** One change at a time, each after the last one is in the kernel. */
async function run(source: MemorySource, commits: Commit[], name: string, edit: Edit) {
  const held: number[] = []
  const elements: number[] = []
  const durations: number[] = []
  for (let i = 0; i < RUNS + WARM_UP; i++) {
    commits.length = 0
    const change = edit(i)
    const at = performance.now()
    source.say([change])
    const heldMs = performance.now() - at
    const commit = await committed(commits, name, i)
    if (i < WARM_UP) continue
    held.push(heldMs)
    durations.push(commit.durationMs)
    elements.push(commit.elements)
  }
  return { ms: summarize(durations), heldMs: summarize(held), elements: summarize(elements).p50 }
}

const EDITS: Record<string, Edit> = {
  'pod added or removed elsewhere': (n) => podChange(podOf(size, pods + (n >> 1)), n % 2 === 1),
  'pod added or removed here': (n) => {
    return podChange({ ...podOf(size, pods + (n >> 1)), namespace: `ns-${(n >> 1) % 10}`, nodeName: NODE }, n % 2 === 1)
  },
  'label changed, class changed': (n) => {
    const pod = peerOf(n >> 1)
    return podChange(n % 2 === 1 ? pod : { ...pod, labels: { ...pod.labels, app: `app-${(n >> 1) % 9}x`, moved: 'yes' } })
  },
  'policy added or removed': (n) => policyChange(n, { podSelector: { matchLabels: { app: 'app-2' } } }),
  'policy with a new selector of 5,000 pods': (n) => policyChange(n, {
    namespaceSelector: { matchExpressions: [{ key: 'team', operator: 'In', values: teams(n >> 1) }] },
    podSelector: { matchLabels: { app: `app-${(n >> 1) % 10}` } },
  }),
  // The last ones: from here on a ClusterNetworkPolicy applies to every pod.
  'ClusterNetworkPolicy of 25 × 25 peers that reaches all pods, a rule changed': (n) => clusterPolicyChange(n, 12),
}

/** One of its rules denies in place of accepting, or the other way round. */
function clusterPolicyChange(n: number, rule: number): Change {
  const now = clusterPolicyOf('everybody', 10, (index) => ((index === rule ? n : index) % 2 === 0 ? 'Accept' : 'Deny'))
  return { kind: 'cluster-policy', key: now.key, now }
}

/** A pod elsewhere in a namespace of teams 0 to 9, which policies have as peers by their apps: another app is another class. */
function peerOf(n: number): Pod {
  const namespaces = namespacesIn(size)
  const peers = namespaces / 2
  const namespace = Math.floor((n % peers) / 10) * 20 + (n % 10)
  return podOf(size, namespace + namespaces * (1 + Math.floor(n / peers)))
}

/** Ten of the twenty teams: with one app of ten, a twentieth of all pods. */
function teams(turn: number): string[] {
  return Array.from({ length: 10 }, (_, index) => `team-${(turn + index) % 20}`)
}

function policyChange(n: number, peer: object): Change {
  const namespaceName = `ns-${(n >> 1) % 10}`
  const spec = { podSelector: { matchLabels: { app: 'app-1' } }, policyTypes: ['Ingress'], ingress: [{ from: [peer], ports: [{ port: 1234 }] }] }
  const now = policyFrom({ namespace: namespaceName, name: `new-${n >> 1}` }, spec)
  return { kind: 'policy', key: now.key, now: n % 2 === 1 ? undefined : now }
}

/** A routed veth for each local pod, as the node would have. */
function vethsOf(local: readonly Pod[]): Veth[] {
  return local.map(({ addresses }, index) => (
    { ifindex: index + 10, ifname: `veth${index}`, bridge: undefined, addresses, linkLocal: [], routed: addresses, learned: [] }
  ))
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

const namespace = `${namespacePrefix()}-changes`
createNamespaces([namespace])
const forget = onProcessEnd(() => deleteNamespaces([namespace]))
try {
  process.stdout.write(`${JSON.stringify(await measure())}\n`)
} finally {
  forget()
  deleteNamespaces([namespace])
}
