// When advice is given and taken back: the real adviser, with short times, over a compiler that tests tell what is so.
import { afterEach, expect, test } from '@jest/globals'
import { setTimeout as sleep } from 'node:timers/promises'
import { Adviser, type AdviserTiming } from '../../src/report/adviser.ts'
import { FULL_LINES } from '../../src/report/few-lines.ts'
import type { PolicyKey } from '../../src/cluster/objects.ts'
import { podKey, type Pod } from '../../src/cluster/objects.ts'
import type { Compiler } from '../../src/compiler/compiler.ts'
import type { Notice } from '../../src/cluster/notice.ts'
import { compilerOf } from '../advice/world.ts'
import { until } from '../../lab/patience.ts'
import { clusterPolicy, pod, policy } from '../policy/state.ts'
import { keepingLog, type LogLine } from '../agent/log-lines.ts'

const TIMING: AdviserTiming = { soonMs: 1, everyMs: 5, settleMs: 150, sliceMs: 2, pauseMs: 1 }
const WEB = pod('x/web', '10.0.0.1')
const LONELY = policy('x/p', { podSelector: {}, ingress: [{ from: [{ podSelector: { matchLabels: { app: 'client' } } }] }] })
const CLIENT = pod('x/client', '10.0.0.2', { nodeName: 'node-b' })

let adviser: Adviser | undefined
afterEach(() => adviser?.close())

interface Advised {
  readonly compiler: Compiler
  readonly adviser: Adviser
  readonly lines: LogLine[]
  readonly notices: Notice[]
  /** Policies that were not read as a whole. */
  readonly bad: Set<PolicyKey>
  readonly put: (now: Pod) => void
  readonly remove: (gone: Pod) => void
}

function advised(compiler: Compiler, timing: Partial<AdviserTiming> = {}): Advised {
  const [{ log, lines }, notices, bad] = [keepingLog(), [] as Notice[], new Set<PolicyKey>()]
  const made = new Adviser({
    queries: compiler.queries,
    serviceRanges: [],
    log,
    hasProblems: (key) => bad.has(key),
    notify: (notice) => void notices.push(notice),
    timing: { ...TIMING, ...timing },
  })
  adviser = made
  made.changed()
  const say = (key: ReturnType<typeof podKey>, now: Pod | undefined): void => {
    compiler.apply([{ kind: 'pod', key, now }])
    made.changed()
  }
  return { compiler, adviser: made, lines, notices, bad, put: (now) => say(podKey(now), now), remove: (gone) => say(podKey(gone), undefined) }
}

test('told when it has lasted, in the log, to metrics and to whoever writes Events; taken back when it is mended', async () => {
  const { adviser: told, lines, notices, put } = advised(compilerOf([WEB], [LONELY]))
  const startedAt = performance.now()
  await until(() => told.warnings.length > 0, 'the warning')
  expect(performance.now() - startedAt).toBeGreaterThanOrEqual(TIMING.settleMs)
  const field = 'spec.ingress[0].from[0].podSelector'
  expect(told.warnings).toMatchObject([{ policy: 'x/p', reason: 'peer-matches-nothing', field }])
  expect(lines).toMatchObject([{ level: 'warn', policy: 'x/p', reason: 'peer-matches-nothing', field }])
  expect(lines[0]?.msg).toMatch(/^NetworkPolicy x\/p: spec\.ingress\[0\]\.from\[0\]\.podSelector \(app in \(client\)\) matches no pod/)
  expect(notices).toMatchObject([{ kind: 'NetworkPolicy', key: 'x/p', reason: 'PeerMatchesNothing' }])
  put(CLIENT)
  await until(() => told.warnings.length === 0, 'its end')
  expect(lines.slice(1)).toMatchObject([{ level: 'info', msg: `NetworkPolicy x/p: ${field}: no warning any more` }])
})

test('warnings of a ClusterNetworkPolicy have its kind and name', async () => {
  const edge = clusterPolicy('edge', { ingress: [{ action: 'Deny', from: [{ namespaces: {} }] }, { action: 'Accept', from: [{ namespaces: {} }] }] })
  const { adviser: told, lines, notices } = advised(compilerOf([WEB], [edge]))
  await until(() => told.warnings.length > 0, 'the warning')
  expect(told.warnings).toMatchObject([{ policy: '/edge', reason: 'rule-never-reached', field: 'spec.ingress[1]' }])
  expect(lines).toMatchObject([{ level: 'warn', policy: 'edge', reason: 'rule-never-reached', field: 'spec.ingress[1]' }])
  expect(lines[0]?.msg).toMatch(/^ClusterNetworkPolicy edge: spec\.ingress\[1\] is never reached/)
  expect(notices).toMatchObject([{ kind: 'ClusterNetworkPolicy', key: '/edge', reason: 'RuleNeverReached' }])
})

test('a policy that was made before its pods is no news', async () => {
  const { adviser: told, lines, put } = advised(compilerOf([WEB], [LONELY]))
  await sleep(TIMING.settleMs / 2)
  put(CLIENT)
  await sleep(TIMING.settleMs * 2)
  expect([told.warnings, lines]).toEqual([[], []])
})

test('nor is a pod that is made anew', async () => {
  const { adviser: told, lines, put, remove } = advised(compilerOf([WEB, CLIENT], [LONELY]))
  for (let round = 0; round < 4; round++) {
    remove(CLIENT)
    await sleep(TIMING.settleMs / 2)
    put(CLIENT)
    await sleep(TIMING.settleMs / 4)
  }
  expect([told.warnings, lines]).toEqual([[], []])
})

test('what could not be read comes first', async () => {
  const { adviser: told, bad } = advised(compilerOf([WEB], [LONELY]))
  bad.add(LONELY.key)
  await sleep(TIMING.settleMs * 2)
  expect(told.warnings).toEqual([])
  bad.clear()
  told.changed()
  await until(() => told.warnings.length === 1, 'the warning')
})

test('a policy without pods is told at info, since every agent does', async () => {
  const { lines } = advised(compilerOf([], [policy('x/p', { podSelector: { matchLabels: { app: 'x' } } })]))
  await until(() => lines.length > 0, 'a line')
  expect(lines).toMatchObject([{ level: 'info', reason: 'selects-no-pod' }])
})

test('of many warnings the first are told, and how many more', async () => {
  const policies = Array.from({ length: 300 }, (_, index) => policy(`x/p${index}`, { podSelector: { matchLabels: { app: 'x' } } }))
  const { adviser: told, lines } = advised(compilerOf([], policies))
  await until(() => told.warnings.length === 300, 'all warnings')
  const shown = lines.filter(({ level }) => level !== 'debug')
  expect(shown).toHaveLength(FULL_LINES + 1)
  expect(shown.at(-1)?.msg).toBe(`and ${300 - FULL_LINES} more like these; --log-level debug shows them`)
})

test('pods that share an address are a problem of those of this node', async () => {
  const other = pod('y/other', '10.0.0.1', { nodeName: 'node-b' })
  const { adviser: told, lines, notices, remove } = advised(compilerOf([WEB, other], []))
  await until(() => told.problems.length > 0, 'the problem')
  expect(told.problems).toMatchObject([{ object: 'Pod x/web', field: 'status.podIPs (10.0.0.1)' }])
  expect(lines).toMatchObject([{ level: 'warn', msg: expect.stringContaining('is also the address of y/other') }])
  expect(notices).toMatchObject([{ kind: 'Pod', key: 'x/web', reason: 'AddressContested' }])
  remove(other)
  await until(() => told.problems.length === 0, 'its end')
  expect(lines.at(-1)).toMatchObject({ level: 'info', object: 'Pod x/web' })
})

/** CPU time of the longest turn of the event loop until there are warnings, while things change in every one. */
async function longestTurnMs(told: Adviser): Promise<number> {
  let [longestMs, before] = [0, process.threadCpuUsage()] // the machine may be busy with other things
  while (told.warnings.length === 0) {
    await new Promise((resolve) => setImmediate(resolve))
    told.changed()
    const { user, system } = process.threadCpuUsage(before)
    longestMs = Math.max(longestMs, (user + system) / 1000)
    before = process.threadCpuUsage()
  }
  return longestMs
}

test('looks seldom while things change all the time, and never holds up the event loop for long', async () => {
  const namespaces = Array.from({ length: 100 }, (_, index) => `n${index}`)
  const pods = namespaces.flatMap((name) => Array.from({ length: 300 }, (_, index) => pod(`${name}/p${index}`, '')))
  const policies = namespaces.flatMap((name) => Array.from({ length: 20 }, (_, index) => {
    return policy(`${name}/q${index}`, { podSelector: { matchLabels: { app: `nobody-${index}` } } })
  }))
  const { adviser: told } = advised(compilerOf(pods, policies), { settleMs: 0, everyMs: 50 })
  expect(await longestTurnMs(told)).toBeLessThan(50)
  expect(told.warnings).toHaveLength(policies.length)
})

test('nor does a single policy with many rules, about pods that all differ', async () => {
  const ports = [{ name: 'http', protocol: 'TCP', port: 80 }] as const
  const pods = Array.from({ length: 3000 }, (_, index) => pod(`x/p${index}`, '', { labels: { app: 'a', n: String(index) }, ports }))
  const ingress = Array.from({ length: 900 }, (_, index) => {
    return { from: [{ ipBlock: { cidr: `10.9.${index >> 8}.${index & 255}/32` } }], ports: [{ port: index === 899 ? 'https' : 'http' }] }
  })
  const { adviser: told } = advised(compilerOf(pods, [policy('x/large', { podSelector: {}, ingress })]), { settleMs: 0, everyMs: 50 })
  expect(await longestTurnMs(told)).toBeLessThan(50)
  expect(told.warnings).toMatchObject([{ reason: 'named-port-unknown', field: 'spec.ingress[899].ports[0].port' }])
})

test('closed, it says nothing more', async () => {
  const { adviser: told, lines } = advised(compilerOf([WEB], [LONELY]))
  await sleep(TIMING.settleMs / 2)
  told.close()
  told.changed()
  await sleep(TIMING.settleMs * 2)
  expect([told.warnings, lines]).toEqual([[], []])
})
