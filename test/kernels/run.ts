// `npm run test:kernels [-- MACHINE... FILE...]`: boots other kernels in qemu and runs in each the tests that speak with the kernel.
// MACHINE: 6.1, 6.12, arm64 (kinds.ts); FILE: a test or a folder of tests, instead of all. See README.md beside this file.
import { mkdirSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join, relative } from 'node:path'
import process from 'node:process'
import Table from 'cli-table3'
import { bringUp, CACHE, type Ready } from './bring-up.ts'
import { installPrograms } from './host.ts'
import { BY_DEFAULT, type Kind, KINDS } from './kinds.ts'
import { type Boot, hasKvm, Machine } from './machine.ts'
import { Outcome } from './outcome.ts'
import { recordIn } from './records.ts'
import { store } from './results.ts'
import { filesOf } from './suite.ts'

const MS_PER_MINUTE = 60_000

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}

async function runIn({ kind, ...ready }: Ready, files: readonly string[], how: Pick<Boot, 'isKvm' | 'cpus'>): Promise<Outcome> {
  const console = join(CACHE, 'logs', `${kind.name}.log`)
  mkdirSync(join(CACHE, 'logs'), { recursive: true })
  const outcome = new Outcome(files, (line) => say(`${kind.name.padEnd(5)} ${line}`))
  const begin = performance.now()
  const machine = new Machine({ ...ready, architecture: kind.architecture, console, ...how }, (line) => {
    const record = recordIn(line)
    if (record !== undefined) outcome.take(record)
    if (record?.kind === 'end') machine.done()
  })
  const why = await machine.ended()
  outcome.close((performance.now() - begin) / MS_PER_MINUTE)
  if (why !== undefined) say(`${kind.name.padEnd(5)} was ended: ${why}`)
  if (!outcome.hasPassed) sayFailures(kind, outcome, console)
  return outcome
}

function sayFailures({ name }: Kind, { failures }: Outcome, console: string): void {
  for (const failure of failures) say(`\n${name}: ${failure.file}: ${failure.name}\n${failure.said}`)
  say(`\n${name}: its console is in ${relative(process.cwd(), console)}`)
}

function sayTable(outcomes: ReadonlyMap<string, Outcome>): void {
  const files = [...new Set([...outcomes.values()].flatMap((outcome) => outcome.files.map(({ file }) => file)))].sort()
  const table = new Table({ head: ['', ...outcomes.keys()], style: { head: [], border: [] } })
  const cell = ({ files: done }: Outcome, file: string): string => {
    const found = done.find((each) => each.file === file)
    if (found === undefined) return '' // not run on that machine
    const { result, passed, failed } = found
    return result === 'passed' ? String(passed) : `${result}: ${failed} of ${passed + failed}`
  }
  for (const file of files) table.push([file, ...[...outcomes.values()].map((outcome) => cell(outcome, file))])
  table.push(['Linux', ...[...outcomes.values()].map(({ kernel }) => kernel)])
  table.push(['minutes', ...[...outcomes.values()].map(({ minutes }) => minutes.toFixed(1))])
  say(`\n${table.toString()}`)
}

function kindsOf(names: readonly string[]): Kind[] {
  return (names.length > 0 ? names : BY_DEFAULT).map((name) => {
    const kind = KINDS.find((each) => each.name === name)
    if (kind === undefined) throw new Error(`no machine is called ${name}: there are ${KINDS.map((each) => each.name).join(', ')}`)
    return kind
  })
}

async function run(args: readonly string[]): Promise<boolean> {
  const named = args.filter((each) => each.startsWith('test/')).map((each) => each.replace(/\/$/, ''))
  const kinds = kindsOf(args.filter((each) => !each.startsWith('test/')))
  const outcomes = new Map<string, Outcome>()
  const architectures = [...new Set(kinds.map(({ architecture }) => architecture))]
  await installPrograms(architectures)
  for (const architecture of architectures) {
    const own = kinds.filter((kind) => kind.architecture === architecture)
    const files = filesOf(named, own.every(({ isCore }) => isCore))
    const isKvm = await hasKvm(architecture)
    const machines = await bringUp(architecture, own, files)
    // Side by side: jest is one process, and keeps one processor busy.
    const cpus = Math.max(1, Math.min(2, Math.floor(availableParallelism() / machines.length)))
    await Promise.all(machines.map(async (ready) => {
      const outcome = await runIn(ready, files, { isKvm, cpus })
      outcomes.set(ready.kind.name, outcome)
      store(ready.kind.name, outcome, { isKvm, isWhole: named.length === 0 })
    }))
  }
  sayTable(new Map(kinds.map(({ name }) => [name, outcomes.get(name)!])))
  const all = [...outcomes.values()].flatMap((outcome) => outcome.files)
  const sum = (of: 'passed' | 'failed' | 'skipped'): number => all.reduce((total, file) => total + file[of], 0)
  say(`\n${sum('passed')} passed, ${sum('failed') + all.filter(({ result }) => result === 'hung' || result === 'missing').length} failed`)
  return [...outcomes.values()].every(({ hasPassed }) => hasPassed)
}

process.exitCode = await run(process.argv.slice(2)) ? 0 : 1
