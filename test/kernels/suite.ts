// What is run in each machine: the tests that speak with the kernel, and those of guest/, which need devices that only these kernels have.
import { globSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { REPOSITORY } from './root.ts'

const PATTERNS = [
  'test/kernels/guest/*.test.ts',
  'test/netlink/**/*.test.ts',
  'test/lab/{namespace,prober}.test.ts',
  'test/packets/**/*.test.ts',
  'test/guard/*.test.ts',
  'test/counters/ledger.test.ts',
  'test/agent/{agent,restart,replacements,tampering,kill,kernel-watch,one-at-a-time,open-connections}.test.ts',
]

/** @param named files or folders; none: all @returns paths in the repository */
export function filesOf(named: readonly string[]): string[] {
  const files = globSync(PATTERNS, { cwd: REPOSITORY }).sort()
  const chosen = files.filter((file) => named.length === 0 || named.some((name) => file === name || file.startsWith(`${name}/`)))
  if (chosen.length === 0) throw new Error(`no test of these machines is in ${named.join(', ')}`)
  return chosen
}

/** guest/jest.config.js reads it. */
export function writeFiles(project: string, files: readonly string[]): void {
  writeFileSync(join(project, 'test/kernels/guest/files.json'), JSON.stringify(files))
}
