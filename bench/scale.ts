// `npm run bench:scale [-- --minutes 10] [--pods N]`: the real agent in a node of a large cluster. An API server that streams
// 150,000 pods, 5,000 namespaces and 2,000 policies, then 300 changes a second, of which first some and then many are to pods of this
// node, then a lost history. Measured from outside.
import { type ChildProcess, fork } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { formatAddress } from '../src/cluster/address.ts'
import { Authority } from '../test/e2e/cluster/certificates.ts'
import { Lab } from '../lab/lab.ts'
import { inNamespace } from '../lab/namespace.ts'
import { ScaleAgent } from './scale/agent.ts'
import { type Churn, LOCAL_CHANGES } from './scale/churn.ts'
import type { Order, Report } from './scale/messages.ts'
import type { ScaleWorld } from './scale/objects.ts'
import { makePackage } from './scale/package.ts'
import type { Look } from './scale/probe.ts'
import { targetsOf } from './scale/targets.ts'
import { summarize } from './statistics.ts'
import { store } from './store.ts'

const { values } = parseArgs({ options: { minutes: { type: 'string', default: '1' }, pods: { type: 'string', default: '150000' } } })
const MINUTES = Number(values.minutes)
const CHANGES_PER_SECOND = 300
const LOCAL_PODS = 100
/** Of changes of which many are to pods of this node. */
const LOCAL_MINUTES = 1
const SAMPLE_MS = 1000
/** Until what the start has left is collected, and the heap is packed (src/cli/memory.ts). */
const SETTLE_MS = 30_000

async function measure(lab: Lab, folder: string) {
  const node = lab.nodes[0]!
  const local = lab.pods.map(({ address4, address6 }) => ({ address4: formatAddress(address4), address6: formatAddress(address6) }))
  const world: ScaleWorld = { pods: Number(values.pods), namespaces: 5000, policies: 2000, nodeName: node.name, local }
  const authority = new Authority(folder)
  const server = inNamespace(node.namespace, () => fork(join(import.meta.dirname, 'scale', 'server.ts')))
  const { certificateFile, keyFile } = authority.issue('server', { commonName: 'server', alternativeNames: ['IP:127.0.0.1'] })
  const { port, megabytes, bytesPerPod } = await asked(server, { do: 'listen', world, certificateFile, keyFile }, 'listen')
  const agent = new ScaleAgent({
    ...makePackage(), namespace: node.namespace, nodeName: node.name, port, certificate: authority.certificate, folder,
  })
  try {
    const size = { pods: world.pods, namespaces: world.namespaces, policies: world.policies, localPods: local.length, megabytes, bytesPerPod }
    return {
      size,
      start: await start(agent),
      churn: await churn(agent, server, 'some', MINUTES),
      localChurn: await churn(agent, server, 'many', LOCAL_MINUTES),
      relist: await relist(agent, server),
    }
  } finally {
    await agent.close()
    server.kill()
  }
}

async function start(agent: ScaleAgent) {
  const { time, ...line } = await agent.heard('enforcing')
  const cpuMs = agent.cpuMs()
  await sleep(SETTLE_MS)
  const looks = agent.looks()
  const { heapMB, externalMB } = looks.at(-1)!
  const memory = { peakRssMB: agent.memoryMB('VmHWM'), steadyRssMB: agent.memoryMB('VmRSS'), heapMB, externalMB }
  return { readyMs: time - agent.startedAtMs, cpuMs, ...longest(looks), ...memory, line }
}

async function churn(agent: ScaleAgent, server: ChildProcess, kind: Churn, minutes: number) {
  const [linesBefore, looksBefore, cpuBefore, startedAt] = [agent.lines.length, agent.looks().length, agent.cpuMs(), performance.now()]
  const rss: number[] = []
  const stopped = asked(server, { do: 'churn', churn: kind, perSecond: CHANGES_PER_SECOND }, 'stop')
  while (performance.now() - startedAt < minutes * 60_000) {
    await sleep(SAMPLE_MS)
    rss.push(agent.memoryMB('VmRSS'))
  }
  const seconds = (performance.now() - startedAt) / 1000
  const cpuShare = round((agent.cpuMs() - cpuBefore) / 1000 / seconds)
  server.send({ do: 'stop' } satisfies Order)
  const { sent } = await stopped
  const looks = agent.looks().slice(looksBefore)
  const commits = agent.lines.slice(linesBefore).filter(({ msg }) => msg === 'committed')
  return {
    seconds: Math.round(seconds),
    changes: sent,
    localPer6000: LOCAL_CHANGES[kind],
    latencyMs: summarize(commits.map(({ durationMs = NaN }) => durationMs)),
    elements: summarize(commits.map(({ elements = NaN }) => elements)),
    ...longest(looks),
    cpuShare,
    cpuMsPerChange: round((cpuShare * seconds * 1000) / sent),
    rssMB: { first: medianOf(rss.slice(0, rss.length / 4)), last: medianOf(rss.slice(-rss.length / 4)), max: Math.max(...rss) },
    eachMinuteMB: { rss: minutely(rss, medianOf), heap: minutely(looks.map(({ heapMB }) => heapMB), (all) => Math.min(...all)) },
  }
}

/** Rereads all pods; nothing is different. */
async function relist(agent: ScaleAgent, server: ChildProcess) {
  const [linesBefore, looksBefore, startedAt] = [agent.lines.length, agent.looks().length, Date.now()]
  agent.forgetPeak()
  server.send({ do: 'forget' } satisfies Order)
  const { time } = await agent.heard('everything was reread', linesBefore)
  await sleep(SAMPLE_MS * 2)
  return { ms: time - startedAt, ...longest(agent.looks().slice(looksBefore)), peakRssMB: agent.memoryMB('VmHWM') }
}

function longest(looks: readonly Look[]): Pick<Look, 'heldMs' | 'heldCpuMs' | 'collectedMs'> {
  const most = (field: keyof Look): number => Math.max(...looks.map((look) => look[field]))
  return { heldMs: most('heldMs'), heldCpuMs: most('heldCpuMs'), collectedMs: most('collectedMs') }
}

/** @param values one for each second */
function minutely(values: readonly number[], of: (values: readonly number[]) => number): number[] {
  return Array.from({ length: Math.floor(values.length / 60) }, (_, minute) => of(values.slice(minute * 60, (minute + 1) * 60)))
}

function medianOf(numbers: readonly number[]): number {
  return summarize(numbers).p50
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000
}

/** Gives an order, and waits for what is reported when it is done. */
function asked<D extends Report['did']>(server: ChildProcess, order: Order, did: D): Promise<Extract<Report, { did: D }>> {
  return new Promise((resolve, reject) => {
    const hear = (report: Report): void => {
      if (report.did !== did) return
      server.off('message', hear)
      resolve(report as Extract<Report, { did: D }>)
    }
    server.on('message', hear)
    server.once('exit', () => reject(new Error('the API server has ended')))
    server.send(order)
  })
}

const folder = mkdtempSync(join(tmpdir(), 'vethguard-scale-'))
const lab = Lab.create({ podsPerNode: LOCAL_PODS })
try {
  const result = await measure(lab, folder)
  const targets = targetsOf(result)
  process.stdout.write(`${JSON.stringify({ ...result, targets }, undefined, 2)}\n`)
  for (const { what, target, figure, met } of targets) process.stdout.write(`${met ? 'met   ' : 'MISSED'} ${what}: ${figure} (${target})\n`)
  store('scale', { ...result, targets })
} finally {
  lab.close()
  rmSync(folder, { recursive: true })
}
