// Where the programs of a test keep their data. Like namespaces, a folder carries the pid of its maker in its name, so that what
// a killed process left behind is found and removed at the next start.
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const ROOT = join(tmpdir(), 'vethguard-e2e')
const MAKER = /^vg(\d+)-/

/** @param prefix as of `namespacePrefix` */
export function makeStateFolder(prefix: string): string {
  sweep()
  const folder = join(ROOT, prefix)
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  return folder
}

export function removeStateFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 }) // programs that have just been killed may still write
}

/** Whether a name has the prefix of a maker that is gone. */
export function isOrphan(name: string): boolean {
  const maker = MAKER.exec(name)?.[1]
  return maker !== undefined && !existsSync(`/proc/${maker}`)
}

function sweep(): void {
  if (!existsSync(ROOT)) return
  for (const name of readdirSync(ROOT)) {
    if (isOrphan(name)) removeStateFolder(join(ROOT, name))
  }
}
