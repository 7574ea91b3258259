// The agent as it is shipped: compiled, started by bin/vethguard.
import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdirSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'

const ROOT = join(import.meta.dirname, '..', '..')
const FOLDER = join(ROOT, '.cache', 'scale')

export interface ScalePackage {
  readonly program: string
  /** The compiled probe.ts. */
  readonly probe: string
}

/** Compiles what is there now. */
export function makePackage(): ScalePackage {
  rmSync(FOLDER, { recursive: true, force: true })
  mkdirSync(join(FOLDER, 'bin'), { recursive: true })
  const compiler = join(ROOT, 'node_modules/@typescript/native/bin/tsc')
  execFileSync(process.execPath, [compiler, '-p', join(ROOT, 'tsconfig.build.json'), '--outDir', join(FOLDER, 'dist')], { stdio: 'inherit' })
  const options = ['--module', 'nodenext', '--target', 'es2024', '--types', 'node', '--ignoreConfig', '--outDir', FOLDER]
  execFileSync(process.execPath, [compiler, ...options, join(import.meta.dirname, 'probe.ts')], { stdio: 'inherit' })
  copyFileSync(join(ROOT, 'bin/vethguard'), join(FOLDER, 'bin/vethguard'))
  copyFileSync(join(ROOT, 'package.json'), join(FOLDER, 'package.json'))
  symlinkSync(join(ROOT, 'node_modules'), join(FOLDER, 'node_modules'))
  return { program: join(FOLDER, 'bin/vethguard'), probe: join(FOLDER, 'probe.js') }
}
