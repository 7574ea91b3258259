// Alerts and dashboard, as files. test/prometheus has them evaluated.
import { expect, test } from '@jest/globals'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { ROWS } from '../../scripts/dashboard/panels.ts'
import { chartFile, find, render } from './helm.ts'

interface Alert {
  readonly alert: string
  readonly expr: string
  readonly labels: { readonly severity: string }
  readonly annotations: Readonly<Record<string, string>>
}
interface Groups {
  readonly groups: readonly { readonly name: string; readonly rules: readonly Alert[] }[]
}
interface GrafanaPanel {
  readonly id: number
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number }
}

const groups = (parse(chartFile('files/alerts.yaml')) as Groups).groups
const alerts = groups.flatMap(({ rules }) => rules)
const runbooks = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'runbooks.md'), 'utf8')

test('the operator gets the rules as they are in the file', async () => {
  expect(find(await render({ prometheusRule: { enabled: true } }), 'PrometheusRule')['spec']).toEqual({ groups })
})

test('each alert links to its runbook, where the place of runbooks is known', async () => {
  const rule = find(await render({ prometheusRule: { enabled: true, runbookUrl: 'https://example.com/runbooks' } }), 'PrometheusRule')
  const urls = (rule['spec'] as Groups).groups.flatMap(({ rules }) => rules.map(({ annotations }) => annotations['runbook_url']))
  expect(urls).toEqual(alerts.map(({ alert }) => `https://example.com/runbooks#${alert.toLowerCase()}`))
})

test('each alert has a runbook, and each runbook an alert', () => {
  const sections = [...runbooks.matchAll(/^## (Vethguard\w+)$/gm)].map(([, name]) => name)
  expect(sections).toEqual(alerts.map(({ alert }) => alert))
})

test('panels that runbooks name are in the dashboard', () => {
  const titles = ROWS.flatMap(({ panels }) => panels.map(({ title }) => title))
  const named = [...runbooks.matchAll(/panels? "[^"]+"(\s+and "[^"]+")?/g)].flatMap(([text]) => Array.from(text.matchAll(/"([^"]+)"/g), ([, name]) => name))
  expect(named.length).toBeGreaterThan(4)
  expect(titles).toEqual(expect.arrayContaining(named))
})

test.each(alerts)('$alert says what it is and how bad', ({ labels, annotations }) => {
  expect(['critical', 'warning', 'info']).toContain(labels.severity)
  expect(annotations['summary']).toBeTruthy()
  expect(annotations['description']).toBeTruthy()
})

test('the ConfigMap has the dashboard, and panels do not overlap', async () => {
  const { data } = find(await render({ dashboard: { enabled: true } }), 'ConfigMap', 'vethguard-dashboard') as unknown as { data: Record<string, string> }
  const dashboard = JSON.parse(data['vethguard.json']!) as { panels: GrafanaPanel[] }
  expect(dashboard).toEqual(JSON.parse(chartFile('files/dashboard.json')))
  const cells = dashboard.panels.flatMap(({ gridPos: { x, y, w, h } }) => {
    return Array.from({ length: w * h }, (_, index) => `${x + index % w},${y + Math.floor(index / w)}`)
  })
  expect(new Set(cells).size).toBe(cells.length)
  expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length)
})

test('each panel says what it shows', () => {
  const panels = ROWS.flatMap(({ panels }) => panels)
  expect(panels.filter(({ description, queries }) => description === '' || queries.length === 0)).toEqual([])
  expect(new Set(panels.map(({ title }) => title)).size).toBe(panels.length)
})
