// The demo as users run it: what it shows, and that it leaves nothing behind, however it ends.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { listNamespaces } from '../../lab/namespace.ts'
import { until } from '../../lab/patience.ts'

const MAIN = join(import.meta.dirname, '..', '..', 'demo', 'main.ts')

/** Where a demo puts its folder: so it can be told from others on this machine. */
let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vethguard-demo-test-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

class Demo {
  readonly process: ChildProcess
  output = ''

  constructor(args: readonly string[] = [], env: NodeJS.ProcessEnv = {}) {
    this.process = spawn(process.execPath, [MAIN, ...args], { env: { ...process.env, NO_COLOR: '1', TMPDIR: folder, ...env } })
    for (const stream of [this.process.stdout, this.process.stderr]) stream?.on('data', (data: Buffer) => (this.output += data.toString()))
  }

  async until(text: string): Promise<void> {
    await until(() => {
      const isThere = this.output.includes(text)
      if (!isThere && this.process.exitCode !== null) throw new Error(`the demo ended without "${text}":\n${this.output}`)
      return isThere
    }, () => `"${text}" in ${this.output}`)
  }

  /** @returns exit code or signal */
  async ended(): Promise<unknown> {
    const [code, signal] = await once(this.process, 'close') as [number | null, string | null]
    return code ?? signal
  }

  get namespaces(): string[] {
    return listNamespaces().filter((name) => this.#namespace.test(name))
  }

  /** Command lines of the programs that it started: each names one of its namespaces, or its folder. */
  get programs(): string[] {
    const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
    return pids.map(commandOf).filter((command) => command.includes(folder) || this.#namespace.test(command))
  }

  get #namespace(): RegExp {
    return new RegExp(`\\bvg(keep)?${this.process.pid}-`)
  }

  /** What exists of it. */
  traces(): string[] {
    return [...this.namespaces, ...this.programs, ...readdirSync(folder)]
  }

  /** Programs that were killed are given a moment to be gone. */
  async untilGone(): Promise<void> {
    await until(() => this.traces().length === 0, () => `the end of ${this.traces().join(', ')}`)
  }
}

function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
  } catch {
    return '' // it has just ended
  }
}

/** Marks in a scene's matrix. */
function marks(scene: string): { open: number; closed: number; wrong: number } {
  const rows = scene.split('\n').filter((line) => /^ +(internet|shop|data|monitoring|kube-system)\/\S+ +[●·✗]/.test(line)).join('')
  const count = (mark: string): number => rows.split(mark).length - 1
  return { open: count('●'), closed: count('·'), wrong: count('✗') }
}

test('shows everybody reaching everybody, the policies in force, a label change, hits, a denial and ClusterNetworkPolicies, and leaves nothing', async () => {
  const demo = new Demo()
  expect(`${String(await demo.ended())}\n${demo.output}`).toMatch(/^0\n/)
  const [, before, after, relabelled, hits, denial, ofCluster] = demo.output.split(/^\d {2}/m)
  expect(marks(before!)).toEqual({ open: 120, closed: 0, wrong: 0 })
  expect(marks(after!)).toEqual({ open: 24, closed: 96, wrong: 0 })
  expect(relabelled!.match(/\S+ → \S+ +(allowed|denied) → \w+/g)).toEqual([
    'shop/reports → shop/api:8080         allowed → denied',
    'shop/reports → shop/cache:6379       denied → allowed',
    'shop/reports → data/postgres:5432    denied → allowed',
  ])
  expect(relabelled).toMatch(/[\d.]+ ms from the new file/)
  expect(hits).toMatch(/ 4 shop\/web-from-internet/)
  expect(denial).toMatch(/egress of shop\/web: denied\s+isolated by allow-dns, default-deny, web-and-jobs-to-api/)
  showsClusterPolicies(ofCluster!)
  expect(demo.traces()).toEqual([])
})

/** Who is allowed and denied now, and by what; hits by rule; denials of a pod by what caused them. */
function showsClusterPolicies(scene: string): void {
  const flips = [...scene.matchAll(/(\S+) → (\S+) +(allowed|denied) → \w+ +(.*)/g)].map(([, from, to, was, cause]) => `${from} ${to} ${was} ${cause}`)
  expect(flips).toEqual([
    ...['shop/web', 'shop/canary', 'shop/api', 'shop/reports', 'shop/cache', 'data/postgres', 'data/backup'].map((pod) => (
      `${pod} kube-system/dns:53/UDP denied Admin dns-clients egress[0]`
    )),
    'monitoring/prometheus cloud/metadata:80 allowed Admin no-metadata egress[0]',
    'monitoring/grafana cloud/metadata:80 allowed Admin no-metadata egress[0]',
    'kube-system/dns monitoring/prometheus:9090 allowed Baseline namespaces-apart ingress[0]',
    'kube-system/dns monitoring/grafana:3000 allowed Baseline namespaces-apart ingress[0]',
    'kube-system/dns cloud/metadata:80 allowed Admin no-metadata egress[0]',
  ])
  for (const hits of ['data-stays-inside egress[0] Pass', 'no-metadata egress[0] Deny', 'dns-clients egress[0] Accept', 'within-monitoring ingress[0] Accept']) {
    expect(scene).toMatch(new RegExp(`^ +[1-9]\\d* ${hits.replace(/[[\]]/g, '\\$&')} `, 'm'))
  }
  expect(scene).toMatch(/ monitoring\/grafana +0 +[1-9]\d* +[1-9]\d*$/m)
  expect(scene).toContain('all is as before')
}

test('a node that drops what the policies allow: every such cell and counter is named, and the demo fails', async () => {
  const demo = new Demo()
  const ended = demo.ended()
  const node = await until(() => demo.namespaces.find((name) => name.endsWith('-node0')))
  const sabotage = 'table inet sabotage { chain forward { type filter hook forward priority -10; tcp dport 8080 drop; }; }'
  execFileSync('ip', ['netns', 'exec', node, 'nft', sabotage])
  expect(await ended).toBe(1)
  for (const family of [4, 6]) expect(demo.output).toContain(`✗ shop/web → shop/api:8080 over IPv${family} is closed, but must be allowed`)
  expect(demo.output).toContain('✗ counter out/shop/web-and-jobs-to-api has 0, must have 6')
  await demo.untilGone()
})

test.each(['SIGINT', 'SIGHUP'] as const)('%s while it enforces: everything goes', async (signal) => {
  const demo = new Demo()
  await demo.until('In force')
  expect(demo.programs).toHaveLength(2)
  demo.process.kill(signal)
  expect(await demo.ended()).toBe(signal)
  await demo.untilGone()
})

test('an agent that does not start: says why, fails, and everything goes', async () => {
  const demo = new Demo([], { VETHGUARD_BACKEND: 'magic' })
  expect(await demo.ended()).toBe(1)
  expect(demo.output).toContain('must be netlink or nft')
  await demo.untilGone()
})

test('--keep leaves everything up, still enforced, until its own remover is run', async () => {
  const demo = new Demo(['--keep'])
  expect(`${String(await demo.ended())}\n${demo.output}`).toMatch(/^0\n/)
  const remover = / remove +(\S+)/.exec(demo.output)?.[1] ?? ''
  try {
    const node = demo.namespaces.find((name) => name.endsWith('-node0')) ?? ''
    expect(demo.programs).toHaveLength(2)
    expect(execFileSync('ip', ['netns', 'exec', node, 'nft', 'list', 'table', 'inet', 'vethguard'], { encoding: 'utf8' })).toContain('10.244.0.10')
  } finally {
    execFileSync(remover)
  }
  await demo.untilGone()
})
