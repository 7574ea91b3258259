// When advice is given and taken back: the real adviser, on a clock of the tests', over a compiler that tests tell what is so.
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals'
import { Adviser, type AdviserTiming } from '../../src/report/adviser.ts'
import { FULL_LINES } from '../../src/report/few-lines.ts'
import type { PolicyKey } from '../../src/cluster/objects.ts'
import { podKey, type Pod } from '../../src/cluster/objects.ts'
import type { Compiler } from '../../src/compiler/compiler.ts'
import type { Notice } from '../../src/cluster/notice.ts'
import { compilerOf } from '../advice/world.ts'
import { quietly, until } from '../../lab/patience.ts'
import { clusterPolicy, pod, policy } from '../policy/state.ts'
import { nextTurn } from '../agent/agent-in-process.ts'
import { keepingLog, type LogLine } from '../agent/log-lines.ts'

const TIMING: AdviserTiming = { soonMs: 1, everyMs: 5, settleMs: 100, sliceMs: 2, pauseMs: 1 }
const WEB = pod('x/web', '10.0.0.1')
const LONELY = policy('x/p', { podSelector: {}, ingress: [{ from: [{ podSelector: { matchLabels: { app: 'client' } } }] }] })
const CLIENT = pod('x/client', '10.0.0.2', { nodeName: 'node-b' })

let nowMs: number
let adviser: Adviser | undefined
beforeEach(() => {
  nowMs = 1000
  jest.spyOn(performance, 'now').mockImplementation(() => nowMs)
})
afterEach(() => {
  adviser?.close()
  jest.restoreAllMocks()
})

interface Advised {
  readonly compiler: Compiler
  readonly adviser: Adviser
  readonly lines: LogLine[]
  readonly notices: Notice[]
  /** Policies that were not read as a whole. */
  readonly bad: Set<PolicyKey>
  readonly put: (now: Pod) => void
  readonly remove: (gone: Pod) => void
  /** So much time passes, and then the adviser looks. */
  readonly pass: (ms: number) => Promise<void>
}

function advised(compiler: Compiler, timing: Partial<AdviserTiming> = {}): Advised {
  const [{ log, lines }, notices, bad] = [keepingLog(), [] as Notice[], new Set<PolicyKey>()]
  const looks = jest.spyOn(compiler.queries, 'policies')
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
  const pass = async (ms: number): Promise<void> => {
    nowMs += ms + TIMING.everyMs
    looks.mockClear()
    made.changed()
    await until(() => looks.mock.calls.length > 0)
  }
  return { compiler, adviser: made, lines, notices, bad, pass, put: (now) => say(podKey(now), now), remove: (gone) => say(podKey(gone), undefined) }
}

test('told when it has lasted, in the log, to metrics and to whoever writes Events; taken back when it is mended', async () => {
  const { adviser: told, lines, notices, put, pass } = advised(compilerOf([WEB], [LONELY]))
  await pass(0)
  await pass(TIMING.settleMs - 20)
  expect(told.warnings).toEqual([])
  await pass(20)
  const field = 'spec.ingress[0].from[0].podSelector'
  expect(told.warnings).toMatchObject([{ policy: 'x/p', reason: 'peer-matches-nothing', field }])
  expect(lines).toMatchObject([{ level: 'warn', policy: 'x/p', reason: 'peer-matches-nothing', field }])
  expect(lines[0]?.msg).toMatch(/^NetworkPolicy x\/p: spec\.ingress\[0\]\.from\[0\]\.podSelector \(app in \(client\)\) matches no pod/)
  expect(notices).toMatchObject([{ kind: 'NetworkPolicy', key: 'x/p', reason: 'PeerMatchesNothing' }])
  put(CLIENT)
  await pass(0)
  expect(told.warnings).toEqual([])
  expect(lines.slice(1)).toMatchObject([{ level: 'info', msg: `NetworkPolicy x/p: ${field}: no warning any more` }])
})

test('warnings of a ClusterNetworkPolicy have its kind and name', async () => {
  const edge = clusterPolicy('edge', { ingress: [{ action: 'Deny', from: [{ namespaces: {} }] }, { action: 'Accept', from: [{ namespaces: {} }] }] })
  const { adviser: told, lines, notices, pass } = advised(compilerOf([WEB], [edge]))
  await pass(0)
  await pass(TIMING.settleMs)
  expect(told.warnings).toMatchObject([{ policy: '/edge', reason: 'rule-never-reached', field: 'spec.ingress[1]' }])
  expect(lines).toMatchObject([{ level: 'warn', policy: 'edge', reason: 'rule-never-reached', field: 'spec.ingress[1]' }])
  expect(lines[0]?.msg).toMatch(/^ClusterNetworkPolicy edge: spec\.ingress\[1\] is never reached/)
  expect(notices).toMatchObject([{ kind: 'ClusterNetworkPolicy', key: '/edge', reason: 'RuleNeverReached' }])
})

test('a policy that was made before its pods is no news', async () => {
  const { adviser: told, lines, put, pass } = advised(compilerOf([WEB], [LONELY]))
  await pass(0)
  await pass(TIMING.settleMs / 2)
  put(CLIENT)
  for (let time = 0; time < 4; time++) await pass(TIMING.settleMs / 2)
  expect([told.warnings, lines]).toEqual([[], []])
})

test('nor is a pod that is made anew', async () => {
  const { adviser: told, lines, put, remove, pass } = advised(compilerOf([WEB, CLIENT], [LONELY]))
  for (let round = 0; round < 4; round++) {
    remove(CLIENT)
    await pass(0)
    await pass(TIMING.settleMs / 2)
    put(CLIENT)
    await pass(TIMING.settleMs / 4)
  }
  expect([told.warnings, lines]).toEqual([[], []])
})

test('what could not be read comes first', async () => {
  const { adviser: told, bad, pass } = advised(compilerOf([WEB], [LONELY]))
  bad.add(LONELY.key)
  await pass(0)
  await pass(TIMING.settleMs * 2)
  expect(told.warnings).toEqual([])
  bad.clear()
  await pass(0)
  await pass(TIMING.settleMs)
  expect(told.warnings).toHaveLength(1)
})

test('a policy without pods is told at info, since every agent does', async () => {
  const { lines, pass } = advised(compilerOf([], [policy('x/p', { podSelector: { matchLabels: { app: 'x' } } })]))
  await pass(0)
  await pass(TIMING.settleMs)
  expect(lines).toMatchObject([{ level: 'info', reason: 'selects-no-pod' }])
})

test('of many warnings the first are told, and how many more', async () => {
  const policies = Array.from({ length: 300 }, (_, index) => policy(`x/p${index}`, { podSelector: { matchLabels: { app: 'x' } } }))
  const { adviser: told, lines, pass } = advised(compilerOf([], policies))
  await pass(0)
  await pass(TIMING.settleMs)
  expect(told.warnings).toHaveLength(300)
  const shown = lines.filter(({ level }) => level !== 'debug')
  expect(shown).toHaveLength(FULL_LINES + 1)
  expect(shown.at(-1)?.msg).toBe(`and ${300 - FULL_LINES} more like these; --log-level debug shows them`)
})

test('pods that share an address are a problem of those of this node', async () => {
  const other = pod('y/other', '10.0.0.1', { nodeName: 'node-b' })
  const { adviser: told, lines, notices, remove, pass } = advised(compilerOf([WEB, other], []))
  await pass(0)
  await pass(TIMING.settleMs)
  expect(told.problems).toMatchObject([{ object: 'Pod x/web', field: 'status.podIPs (10.0.0.1)' }])
  expect(lines).toMatchObject([{ level: 'warn', msg: expect.stringContaining('is also the address of y/other') }])
  expect(notices).toMatchObject([{ kind: 'Pod', key: 'x/web', reason: 'AddressContested' }])
  remove(other)
  await pass(0)
  expect(told.problems).toEqual([])
  expect(lines.at(-1)).toMatchObject({ level: 'info', object: 'Pod x/web' })
})

/** Looks until there are warnings. @returns how often others had a turn, where a slice is as short as can be */
async function pausesUntilWarned(compiler: Compiler): Promise<number> {
  const { adviser: told } = advised(compiler, { settleMs: 0, sliceMs: 0, pauseMs: 0 })
  let pauses = 0
  await until(async () => {
    await nextTurn()
    pauses++
    return told.warnings.length > 0
  })
  return pauses
}

test('looks at many policies in many slices', async () => {
  const namespaces = Array.from({ length: 100 }, (_, index) => `n${index}`)
  const pods = namespaces.flatMap((name) => Array.from({ length: 300 }, (_, index) => pod(`${name}/p${index}`, '')))
  const policies = namespaces.flatMap((name) => Array.from({ length: 20 }, (_, index) => {
    return policy(`${name}/q${index}`, { podSelector: { matchLabels: { app: `nobody-${index}` } } })
  }))
  expect(await pausesUntilWarned(compilerOf(pods, policies))).toBeGreaterThan(policies.length)
  expect(adviser?.warnings).toHaveLength(policies.length)
})

test('looks at the many rules of one policy in many slices, also if the pods they are about all differ', async () => {
  const ports = [{ name: 'http', protocol: 'TCP', port: 80 }] as const
  const pods = Array.from({ length: 3000 }, (_, index) => pod(`x/p${index}`, '', { labels: { app: 'a', n: String(index) }, ports }))
  const ingress = Array.from({ length: 900 }, (_, index) => {
    return { from: [{ ipBlock: { cidr: `10.9.${index >> 8}.${index & 255}/32` } }], ports: [{ port: index === 899 ? 'https' : 'http' }] }
  })
  expect(await pausesUntilWarned(compilerOf(pods, [policy('x/large', { podSelector: {}, ingress })]))).toBeGreaterThan(ingress.length)
  expect(adviser?.warnings).toMatchObject([{ reason: 'named-port-unknown', field: 'spec.ingress[899].ports[0].port' }])
})

test('closed, it says nothing more', async () => {
  const { adviser: told, lines, pass } = advised(compilerOf([WEB], [LONELY]))
  await pass(0)
  told.close()
  nowMs += TIMING.settleMs
  told.changed()
  await quietly()
  expect([told.warnings, lines]).toEqual([[], []])
})
