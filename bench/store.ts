// Keeps the figures of a benchmark in bench/results, with day, machine and kernel.
import { mkdirSync, writeFileSync } from 'node:fs'
import { cpus, release, totalmem } from 'node:os'
import process from 'node:process'

const RESULTS = new URL('./results/', import.meta.url)

/** Writes `bench/results/NAME.json`, in place of that of the last run. */
export function store(name: string, result: object): void {
  const machine = { cpu: cpus()[0]?.model.trim(), cpus: cpus().length, memoryGB: Math.round(totalmem() / 2 ** 30), kernel: release(), node: process.version }
  mkdirSync(RESULTS, { recursive: true })
  writeFileSync(new URL(`${name}.json`, RESULTS), `${JSON.stringify({ date: new Date().toISOString().slice(0, 10), machine, ...result }, undefined, 2)}\n`)
}
