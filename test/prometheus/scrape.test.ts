// promtool's judgement of what a real agent exposes.
import { spawnSync } from 'node:child_process'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { AgentLab } from '../agent/agent-lab.ts'
import { Scraper } from '../observe/scraper.ts'
import { typesIn } from '../observe/series.ts'
import { policyObject } from '../situations/fixture.ts'
import { DOC_QUERIES } from './metrics-doc.ts'
import { buildPromtool } from './programs.ts'

let lab: AgentLab
let program: string

beforeAll(async () => {
  program = await buildPromtool()
  lab = new AgentLab()
  lab.write('policies.json', [
    policyObject('from-y', { podSelector: { matchLabels: { pod: 'a' } }, ingress: [{ from: [{ podSelector: {} }] }] }),
    policyObject('bad', { podSelector: {}, ingress: [{ from: [{ ipBlock: { cidr: '1.2.3' } }] }] }, 'y'),
  ])
  await lab.start('--listen', '127.0.0.1:9611')
  lab.open()
}, 600_000)
afterAll(() => lab.close())

function check(text: string, what = 'metrics'): { status: number | null; said: string } {
  const { status, stdout, stderr } = spawnSync(program, ['check', what], { input: text, encoding: 'utf8' })
  return { status, said: stdout + stderr }
}

test('promtool check metrics has nothing against a scrape', () => {
  const text = new Scraper(lab.namespace).metrics()
  expect(text).toContain('vethguard_policy_hits_total{policy_kind="NetworkPolicy",policy_namespace="x",policy="from-y",direction="ingress",action="accept"}')
  expect(check(text)).toEqual({ status: 0, said: '' })
})

test('it would have something against a counter that is not called so', () => {
  const text = new Scraper(lab.namespace).metrics()
  expect(check(text.replaceAll('vethguard_policy_hits_total', 'vethguard_policy_hits')).said).toContain('counter metrics should have "_total" suffix')
})

test('every query of docs/metrics.md is one, and asks for what there is', () => {
  const rules = DOC_QUERIES.map((expr, n) => ({ record: `doc:query:${n}`, expr }))
  expect(check(JSON.stringify({ groups: [{ name: 'doc', rules }] }), 'rules')).toMatchObject({ status: 0 })
  const known = typesIn(new Scraper(lab.namespace).metrics())
  const asked = new Set(DOC_QUERIES.flatMap((query) => query.match(/\b(vethguard|process)_\w+/g) ?? []).map((name) => name.replace(/_(bucket|sum|count)$/, '')))
  expect([...asked].filter((name) => !known.has(name))).toEqual([])
  expect([...known.keys()].filter((name) => name.startsWith('vethguard_') && !asked.has(name))).toEqual([])
})
