// The stored results as docs/configuration.md shows them: what was run, by kernel.
import { KINDS } from './kinds.ts'
import type { FileOutcome } from './outcome.ts'
import type { KernelResults } from './results.ts'

/** Folders of tests in the words of who wants to know what was tried. */
const AREAS: readonly (readonly [string, string])[] = [
  ['both ways into nf_tables; links, routes and addresses of pods', 'test/netlink/'],
  ['packets: both layouts, 48 situations and those of ClusterNetworkPolicies, random clusters, ways around', 'test/packets/'],
  ['the guard of source addresses', 'test/guard/'],
  ['agents: start, restart, replacement, kill, changes by others', 'test/agent/'],
  ['counters over restarts, with their comments', 'test/counters/'],
  ['the demo; SCTP sockets, tunnels between nodes, a full connection table, lossy links', 'test/kernels/guest/'],
]

/** @returns lines of markdown */
export function resultsTable(results: KernelResults): string {
  const kernels = Object.entries(results)
  const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  return [
    row(['what was run', ...kernels.map(([name, { kernel, arch }]) => `Linux ${kernel}, ${arch}${isPartial(name) ? ' (in part)' : ''}`)]),
    `|${'---|'.repeat(kernels.length + 1)}`,
    ...AREAS.map(([area, folder]) => row([area, ...kernels.map(([, { files }]) => cell(files.filter(({ file }) => file.startsWith(folder))))])),
    row(['when, and how long it took', ...kernels.map(([, { date, minutes, isKvm }]) => `${date}, ${minutes} min${isKvm ? '' : ', emulated'}`)]),
  ].join('\n')
}

function isPartial(name: string): boolean {
  return KINDS.find((kind) => kind.name === name)?.isCore === true
}

function cell(files: readonly FileOutcome[]): string {
  if (files.length === 0) return 'not run'
  const sum = (of: 'passed' | 'failed' | 'skipped'): number => files.reduce((total, file) => total + file[of], 0)
  const skipped = sum('skipped') === 0 ? '' : `, ${sum('skipped')} left out`
  const broken = files.filter(({ result }) => result === 'hung' || result === 'missing').length
  if (broken > 0) return `${broken} files did not end`
  return sum('failed') === 0 ? `${sum('passed')} passed${skipped}` : `${sum('failed')} of ${sum('passed') + sum('failed')} failed${skipped}`
}
