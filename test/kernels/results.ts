// Keeps what came of a run in test/results, as benchmarks keep their figures: documents are made of it (test/docs).
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus, release, totalmem } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { KINDS } from './kinds.ts'
import type { FileOutcome, Outcome } from './outcome.ts'
import { REPOSITORY } from './root.ts'

const FOLDER = join(REPOSITORY, 'test/results')
const FILE = join(FOLDER, 'kernels.json')

export interface KernelResult {
  readonly date: string
  readonly kernel: string
  /** As `uname -m` says it. */
  readonly arch: string
  readonly isKvm: boolean
  readonly minutes: number
  readonly machine: { readonly cpu: string; readonly cpus: number; readonly memoryGB: number; readonly kernel: string }
  readonly files: readonly FileOutcome[]
}

/** By the name of the machine. */
export type KernelResults = Readonly<Record<string, KernelResult>>

export function storedResults(): KernelResults {
  try {
    return JSON.parse(readFileSync(FILE, 'utf8')) as KernelResults
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {}
    throw error
  }
}

/**
 * In place of that of its last run; other machines' stay. A run of some files replaces the results of these, if it was on the same kernel:
 * so what was mended need not be run with everything else.
 */
export function store(name: string, outcome: Outcome, { isKvm, isWhole }: { readonly isKvm: boolean; readonly isWhole: boolean }): void {
  const before = storedResults()
  const [old, now] = [before[name], resultOf(outcome, isKvm)]
  if (!isWhole && old?.kernel !== now.kernel) return
  const result = isWhole || old === undefined ? now : { ...old, files: merged(old.files, now.files) }
  const all: KernelResults = { ...before, [name]: result }
  const sorted = KINDS.flatMap((kind) => (kind.name in all ? [[kind.name, all[kind.name]]] : []))
  mkdirSync(FOLDER, { recursive: true })
  writeFileSync(FILE, `${JSON.stringify(Object.fromEntries(sorted), undefined, 1)}\n`)
}

function resultOf({ kernel, arch, minutes, files }: Outcome, isKvm: boolean): KernelResult {
  const machine = { cpu: cpus()[0]?.model.trim() ?? process.arch, cpus: cpus().length, memoryGB: Math.round(totalmem() / 2 ** 30), kernel: release() }
  return { date: new Date().toISOString().slice(0, 10), kernel, arch, isKvm, minutes: Math.round(minutes), machine, files: merged([], files) }
}

function merged(old: readonly FileOutcome[], now: readonly FileOutcome[]): FileOutcome[] {
  const byFile = new Map([...old, ...now].map((each) => [each.file, each]))
  return [...byFile.values()].sort((one, other) => (one.file < other.file ? -1 : 1))
}
