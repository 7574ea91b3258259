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

/** In place of that of its last run; others stay. */
export function store(name: string, { kernel, arch, minutes, files }: Outcome, isKvm: boolean): void {
  const machine = { cpu: cpus()[0]?.model.trim() ?? process.arch, cpus: cpus().length, memoryGB: Math.round(totalmem() / 2 ** 30), kernel: release() }
  const result: KernelResult = { date: new Date().toISOString().slice(0, 10), kernel, arch, isKvm, minutes: Math.round(minutes), machine, files: [...files].sort((one, other) => (one.file < other.file ? -1 : 1)) }
  mkdirSync(FOLDER, { recursive: true })
  const all = { ...storedResults(), [name]: result }
  const sorted = KINDS.flatMap((kind) => (kind.name in all ? [[kind.name, all[kind.name]]] : []))
  writeFileSync(FILE, `${JSON.stringify(Object.fromEntries(sorted), undefined, 1)}\n`)
}
