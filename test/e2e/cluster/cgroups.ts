// The cgroups of a cluster's containers, which the kernel keeps when their processes are gone. They stand in one folder of each
// hierarchy: under /sys/fs/cgroup itself (version 2) or under each folder in there (version 1).
import { existsSync, readdirSync, rmdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { isOrphan } from '../state-folder.ts'

const ROOT = '/sys/fs/cgroup'
const ATTEMPTS = 40
const PAUSE_MS = 50

/** @param name of the folder; processes in it are being killed, and the kernel may need a moment */
export async function removeCgroups(name: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      for (const folder of cgroupsNamed(name)) removeTree(folder)
      return
    } catch (error) {
      if (attempt === ATTEMPTS) throw error
      await sleep(PAUSE_MS)
    }
  }
}

/** Removes those of makers that are no longer alive. */
export async function sweepCgroups(): Promise<void> {
  const names = new Set(hierarchies().flatMap(foldersIn))
  for (const name of names) if (isOrphan(name)) await removeCgroups(name)
}

/** The folders of this name, one in each hierarchy. */
export function cgroupsNamed(name: string): string[] {
  return hierarchies().map((hierarchy) => join(hierarchy, name)).filter((folder) => existsSync(folder))
}

function hierarchies(): string[] {
  return [ROOT, ...foldersIn(ROOT).map((name) => join(ROOT, name))]
}

/** The files of a cgroup go with it. */
function removeTree(folder: string): void {
  for (const name of foldersIn(folder)) removeTree(join(folder, name))
  rmdirSync(folder)
}

function foldersIn(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory()).map(({ name }) => name)
}
