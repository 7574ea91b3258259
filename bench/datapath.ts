// What a ruleset costs packets. Every ruleset has a lab of its own; all are measured in turn, round by round, so that a machine
// whose speed drifts slows them alike; ratios are taken within a round. Prints a table and returns the figures.
import process from 'node:process'
import Table from 'cli-table3'
import { Lab } from '../lab/lab.ts'
import {
  type Path, tcpBulkGbitsPerSecond, tcpConnectsPerSecond, tcpRoundTripsPerSecond, udpNsPerPacket,
} from './load/measure.ts'
import { CONNTRACK_ONLY, PORT, type Ruleset, RULESETS } from './rulesets.ts'
import { median } from './statistics.ts'

interface Measure {
  readonly name: string
  /** Whether more is better, so that a ratio over 1 always is. */
  readonly more: boolean
  readonly run: (path: Path) => Promise<number> | number
}

const MEASURES: readonly Measure[] = [
  { name: 'TCP connects/s', more: true, run: (path) => tcpConnectsPerSecond(path, 8_000) },
  { name: 'UDP first packet of a flow, ns', more: false, run: (path) => udpNsPerPacket(path, 'new', 20_000) },
  { name: 'UDP unanswered flow, ns/packet', more: false, run: (path) => udpNsPerPacket(path, 'unanswered', 100_000) },
  { name: 'UDP established, ns/packet', more: false, run: (path) => udpNsPerPacket(path, 'established', 100_000) },
  { name: 'TCP round trips/s', more: true, run: (path) => tcpRoundTripsPerSecond(path, 15_000) },
  { name: 'TCP bulk, Gbit/s', more: true, run: (path) => tcpBulkGbitsPerSecond(path, 1) },
]

export interface DataPathResult {
  readonly ruleset: string
  readonly measure: string
  /** Median over the rounds. */
  readonly value: number
  /** Speed against conntrack only: median of the rounds' ratios; 1 is as fast. */
  readonly ratio: number
}

interface Subject {
  readonly ruleset: Ruleset
  readonly lab: Lab
  readonly path: Path
}

export async function measureDataPath(rounds: number): Promise<DataPathResult[]> {
  const subjects: Subject[] = []
  try {
    for (const ruleset of RULESETS) subjects.push(await subjectOf(ruleset))
    const values = new Map<string, number[]>()
    for (let round = 0; round < rounds; round++) await measureRound(subjects, values)
    return resultsOf(values)
  } finally {
    for (const { lab } of subjects) lab.close()
  }
}

async function subjectOf(ruleset: Ruleset): Promise<Subject> {
  const lab = Lab.create({ podsPerNode: 2 })
  const [to, from] = lab.pods
  if (from === undefined || to === undefined) throw new Error('the lab has two pods')
  await ruleset.load(lab)
  return { ruleset, lab, path: { from, to, port: PORT } }
}

/** Each measure over all rulesets before the next one: what is compared is close in time. */
async function measureRound(subjects: readonly Subject[], values: Map<string, number[]>): Promise<void> {
  for (const measure of MEASURES) {
    for (const { ruleset, lab, path } of subjects) {
      for (const node of lab.nodes) lab.flushConntrack(node)
      const key = keyOf(ruleset.name, measure.name)
      values.set(key, [...(values.get(key) ?? []), await measure.run(path)])
      process.stderr.write('.')
    }
  }
  process.stderr.write('\n')
}

function resultsOf(values: ReadonlyMap<string, readonly number[]>): DataPathResult[] {
  return MEASURES.flatMap(({ name, more }) => {
    const base = values.get(keyOf(CONNTRACK_ONLY.name, name)) ?? []
    return RULESETS.map(({ name: ruleset }) => {
      const own = values.get(keyOf(ruleset, name)) ?? []
      const ratios = own.map((value, round) => (more ? value / (base[round] ?? NaN) : (base[round] ?? NaN) / value))
      return { ruleset, measure: name, value: Number(median(own).toPrecision(4)), ratio: Number(median(ratios).toFixed(3)) }
    })
  })
}

function keyOf(ruleset: string, measure: string): string {
  return `${ruleset} | ${measure}`
}

/** One line a ruleset: value and, in brackets, speed against conntrack only. */
export function dataPathTable(results: readonly DataPathResult[]): string {
  const table = new Table({ head: ['ruleset', ...MEASURES.map(({ name }) => name)], style: { head: [], border: [] } })
  for (const { name } of RULESETS) {
    const own = results.filter(({ ruleset }) => ruleset === name)
    table.push([name, ...own.map(({ value, ratio }) => `${value} (${ratio.toFixed(2)})`)])
  }
  return table.toString()
}
