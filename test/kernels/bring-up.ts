// From packages to machines that are ready to boot: one root for each architecture, one kernel and initrd for each machine.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { addForeign, CPU } from './foreign.ts'
import { makeInitrd } from './initrd.ts'
import type { Architecture, Kind } from './kinds.ts'
import { Packages } from './packages.ts'
import { addKernel, addProject, type Kernel, makeDisk, REPOSITORY, ROOT_PACKAGES, unpackRoot } from './root.ts'
import { writeFiles } from './suite.ts'

export const CACHE = join(REPOSITORY, '.cache', 'kernels')

export interface Ready extends Kernel {
  readonly kind: Kind
  readonly initrd: string
  readonly disk: string
}

/** @param kinds all of this architecture @param files tests that are to be run */
export async function bringUp(architecture: Architecture, kinds: readonly Kind[], files: readonly string[]): Promise<Ready[]> {
  const folder = join(CACHE, architecture)
  const [root, disk, kernels] = ['root', 'disk.img', 'kernels'].map((name) => join(folder, name)) as [string, string, string]
  mkdirSync(kernels, { recursive: true })
  const packages = new Packages(join(folder, 'apt'), architecture)
  await packages.update()
  await unpackRoot(root, await packages.fetch(ROOT_PACKAGES))
  const ready: Ready[] = []
  for (const kind of kinds) {
    const kernel = await addKernel(await packages.fetchAlone(await packages.newest(kind.kernel)), kernels, root)
    ready.push({ ...kernel, kind, disk, initrd: await makeInitrd(kernel, root, kernels) })
  }
  const project = await addProject(root)
  if (CPU[architecture] !== process.arch) await addForeign(join(project, 'node_modules'), architecture, join(folder, 'npm'))
  writeFiles(project, files)
  await makeDisk(root, disk)
  return ready
}
