// Names of metrics and labels, which users build on: conventions, documentation, and room for the labels of scrapers.
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { everything } from './fake-view.ts'
import { seriesIn, typesIn } from './series.ts'
import { TARGET_LABELS } from './target-labels.ts'

const all = everything()
let body: string
let types: ReadonlyMap<string, string>

beforeAll(async () => {
  all.agent.failed('commit', 'EBUSY')
  body = (await all.scrape('text')).body
  types = typesIn(body)
})
afterAll(() => all.close())

/** Of all series of a metric, those of a histogram included; undefined: it has none. */
function labelsOf(metric: string): string[] | undefined {
  const series = [...seriesIn(body).keys()].filter((text) => new RegExp(`^${metric}(_bucket|_sum|_count)?(\\{|$)`).test(text))
  return series.length === 0 ? undefined : [...new Set(series.flatMap((text) => Array.from(text.matchAll(/[{,](\w+)="/g), ([, label = '']) => label)))]
}

test('follow the conventions: a prefix, base units, _total for counters alone, and a sentence of help', () => {
  for (const [name, type] of types) {
    expect(name).toMatch(/^(vethguard|process)_[a-z_]+$/)
    expect(name).not.toMatch(/_(ms|milliseconds|micros|kb|count|sum|bucket)$/)
    expect([name, name.endsWith('_total')]).toEqual([name, type === 'counter'])
    expect(body).toMatch(new RegExp(`^# HELP ${name} \\S.{10,}\\.$`, 'm'))
  }
})

test('no label is one that scrapers add, in any series that the agent can have', () => {
  const labels = [...types.keys()].map((metric) => [metric, labelsOf(metric)] as const)
  expect(labels.filter(([, names]) => names === undefined)).toEqual([])
  expect(labels.filter(([, names]) => names?.some((name) => TARGET_LABELS.includes(name)))).toEqual([])
})

test('docs/metrics.md has each with its type and labels, and no other', () => {
  const doc = readFileSync(new URL('../../docs/metrics.md', import.meta.url), 'utf8')
  const rows = Array.from(doc.matchAll(/^\| `([a-z_]+)(?:\{([a-z_, ]+)\})?` \| (counter|gauge|histogram) \|/gm), ([, name, labels = '', type]) => [name, [type, labels]] as const)
  const exposed = Array.from(types, ([name, type]) => [name, [type, labelsOf(name)?.filter((label) => label !== 'le').join(', ')]] as const)
  expect(new Map(rows)).toEqual(new Map(exposed))
})
