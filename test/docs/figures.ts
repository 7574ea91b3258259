// The tables of docs/performance.md, made of bench/results.
import { readFileSync } from 'node:fs'

const RESULTS = new URL('../../bench/results/', import.meta.url)

type Row = readonly string[]

interface Summary {
  readonly p50: number
  readonly p99: number
  readonly max: number
}

interface DataPath {
  readonly results: readonly { readonly ruleset: string; readonly measure: string; readonly value: number; readonly ratio: number }[]
}

interface Changes {
  readonly changes: Readonly<Record<string, { readonly ms: Summary; readonly heldMs: Summary; readonly elements: number }>>
}

interface Latency {
  readonly results: readonly { readonly kinds: Readonly<Record<string, { readonly ms: Summary; readonly cpuMs: number }>> }[]
  readonly extremes: readonly { readonly name: string; readonly inForceMs: number; readonly nextMs: number; readonly goneMs: number }[]
}

interface Scale {
  readonly targets: readonly { readonly what: string; readonly target: string; readonly figure: number; readonly met: boolean }[]
}

interface Repairs {
  readonly results: readonly { readonly size: { readonly pods: number }; readonly ms: Readonly<Record<string, Summary>> }[]
}

/** Each table by the name in its marker. */
export const TABLES: Readonly<Record<string, () => string>> = {
  datapath: () => dataPath(read('datapath') as DataPath),
  connects: () => connects(read('datapath') as DataPath),
  changes: () => changes(read('changes') as Changes),
  repairs: () => repairs(read('repairs') as Repairs),
  latency: () => latency(read('latency') as Latency),
  extremes: () => extremes(read('latency') as Latency),
  scale: () => scale(read('scale') as Scale),
}

const KINDS: Readonly<Record<string, string>> = { label: "a pod's label", policy: "a policy's peers", pod: 'a pod comes or goes' }

function read(name: string): unknown {
  return JSON.parse(readFileSync(new URL(`${name}.json`, RESULTS), 'utf8'))
}

function dataPath({ results }: DataPath): string {
  const measures = [...new Set(results.map(({ measure }) => measure))]
  const rulesets = [...new Set(results.map(({ ruleset }) => ruleset))]
  const cell = (ruleset: string, measure: string): string => {
    const found = results.find((each) => each.ruleset === ruleset && each.measure === measure)
    return found === undefined ? '' : `${found.value.toLocaleString('en-US')} (${found.ratio.toFixed(2)})`
  }
  return table(['ruleset', ...measures], rulesets.map((ruleset) => [ruleset, ...measures.map((measure) => cell(ruleset, measure))]))
}

/** The rows that readers of README.md want first. */
const CONNECTS: Readonly<Record<string, string>> = {
  'conntrack only': 'conntrack only',
  'vethguard, 12 pods, 10 policies (1 on the pod)': 'vethguard, 12 pods, 10 policies',
  'vethguard, 10000 pods, 1000 policies (10 on the pod)': 'vethguard, 10,000 pods, 1,000 policies',
  'vethguard, 100000 pods, 10000 policies (100 on the pod)': 'vethguard, 100,000 pods, 10,000 policies, 100 of them on the pod',
  'vethguard, 100000 pods, 10000 policies (100 on the pod), no spoof guard': 'the same without the spoof guard',
  'vethguard, 10000 pods, 100 ClusterNetworkPolicies of 25 rules on the pod, which accept at the end': 'vethguard, 10,000 pods, 100 ClusterNetworkPolicies of 25 rules on the pod',
  'linear, 10 rules': 'one rule after the other, 10 rules',
  'linear, 1000 rules': 'one rule after the other, 1,000 rules',
}

function connects({ results }: DataPath): string {
  const own = results.filter(({ measure }) => measure === 'TCP connects/s')
  const rows = Object.entries(CONNECTS).map(([ruleset, name]) => {
    const found = own.find((each) => each.ruleset === ruleset)
    return found === undefined ? [name] : [name, found.value.toLocaleString('en-US'), found.ratio.toFixed(2)]
  })
  return table(['new TCP connections a second, one CPU for both ends and the forwarding', '', 'of conntrack alone'], rows)
}

function changes({ changes: all }: Changes): string {
  const head = ['change', 'p50 ms', 'p99 ms', 'max ms', 'event loop held, p99 / max ms', 'elements']
  return table(head, Object.entries(all).map(([name, { ms, heldMs, elements }]) => (
    [name, text(ms.p50), text(ms.p99), text(ms.max), `${text(heldMs.p99)} / ${text(heldMs.max)}`, text(elements)]
  )))
}

function repairs({ results }: Repairs): string {
  const head = ['what another process did', ...results.map(({ size: { pods } }) => `${text(pods)} pods: p50 / p99 / max ms`)]
  const names = Object.keys(results[0]?.ms ?? {})
  return table(head, names.map((name) => [name, ...results.flatMap(({ ms }) => (ms[name] === undefined ? [] : [summary(ms[name])]))]))
}

function latency({ results }: Latency): string {
  const columns = ['no other pods', '5,000 pods, 1,000 policies'].flatMap((world) => [`${world}: p50 / p99 / max`, 'CPU of the agent'])
  return table(['change', ...columns], Object.entries(KINDS).map(([kind, name]) => (
    [name, ...results.flatMap(({ kinds }) => (kinds[kind] === undefined ? [] : [summary(kinds[kind].ms), text(kinds[kind].cpuMs)]))]
  )))
}

function extremes({ extremes: all }: Latency): string {
  return table(['', 'in force', 'the next one', 'gone'], all.map(({ name, inForceMs, nextMs, goneMs }) => [name, ...[inForceMs, nextMs, goneMs].map(text)]))
}

function scale({ targets }: Scale): string {
  return table(['', 'target', 'measured'], targets.map(({ what, target, figure, met }) => [what, target, met ? text(figure) : `**${text(figure)}**`]))
}

function table(head: Row, rows: readonly Row[]): string {
  return [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |\n`.replace('|  |', '| |')).join('')
}

function summary({ p50, p99, max }: Summary): string {
  return [p50, p99, max].map(text).join(' / ')
}

/** Two digits are enough for what differs from run to run by more. */
function text(figure: number): string {
  if (figure >= 100) return Math.round(figure).toLocaleString('en-US')
  return figure >= 10 ? figure.toFixed(0) : String(Number(figure.toPrecision(2)))
}
