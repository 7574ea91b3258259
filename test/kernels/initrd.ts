// What the kernel starts with: busybox, and the modules that it needs to find its disk.
import { cpSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { execa } from 'execa'
import type { Kernel } from './root.ts'

const MODULES = ['virtio_pci', 'virtio_blk', 'ext4']

/** The last line never comes back: it starts test/kernels/guest/start.sh. */
const INIT = `#!/bin/busybox sh
b=/bin/busybox
$b mount -t proc proc /proc
$b mount -t devtmpfs dev /dev
for module in /modules/*; do $b insmod "$module"; done
until [ -b /dev/vda ]; do $b sleep 0.1; done
$b mount -t ext4 /dev/vda /disk
exec $b switch_root /disk /opt/vethguard/test/kernels/guest/start.sh
`

/** @returns its path */
export async function makeInitrd({ release }: Kernel, root: string, folder: string): Promise<string> {
  const work = join(folder, `initrd-${release}`)
  rmSync(work, { recursive: true, force: true })
  for (const name of ['bin', 'proc', 'dev', 'disk', 'modules']) mkdirSync(join(work, name), { recursive: true })
  cpSync(join(root, 'bin/busybox'), join(work, 'bin/busybox'))
  for (const [index, path] of (await modulePaths(release, root)).entries()) {
    const copy = join(work, 'modules', `${String(index).padStart(2, '0')}-${basename(path)}`)
    cpSync(path, copy)
    if (copy.endsWith('.xz')) await execa('xz', ['--decompress', copy])
  }
  writeFileSync(join(work, 'init'), INIT, { mode: 0o755 })
  const files = readdirSync(work, { recursive: true, encoding: 'utf8' })
  const { stdout } = await execa('cpio', ['--quiet', '--create', '--format', 'newc'], { cwd: work, input: files.join('\n'), encoding: 'buffer' })
  const path = `${work}.cpio`
  writeFileSync(path, stdout)
  return path
}

/** In the order in which they are to be loaded; those that are built in have no file. */
async function modulePaths(release: string, root: string): Promise<string[]> {
  const paths: string[] = []
  for (const name of MODULES) {
    const { stdout } = await execa('modprobe', ['-d', root, '-S', release, '--show-depends', name])
    paths.push(...[...stdout.matchAll(/^insmod (\S+)/gm)].map(([, path = '']) => path))
  }
  return [...new Set(paths)]
}
