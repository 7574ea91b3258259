// What this machine needs to bring up others.
import { existsSync } from 'node:fs'
import process from 'node:process'
import { execa } from 'execa'
import { type Architecture, EMULATORS } from './kinds.ts'

/** Program and Debian's package that has it. */
const PROGRAMS = [['cpio', 'cpio'], ['depmod', 'kmod'], ['xz', 'xz-utils'], ['mkfs.ext4', 'e2fsprogs'], ['setpriv', 'util-linux']] as const
const FOLDERS = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin']

export async function installPrograms(architectures: readonly Architecture[]): Promise<void> {
  const needed = [...PROGRAMS, ...architectures.map((each) => [EMULATORS[each].program, EMULATORS[each].package] as const)]
  const missing = needed.filter(([program]) => !FOLDERS.some((folder) => existsSync(`${folder}/${program}`))).map(([, name]) => name)
  if (missing.length === 0) return
  process.stderr.write(`kernels: installing ${missing.join(' ')}\n`)
  const env = { DEBIAN_FRONTEND: 'noninteractive' }
  await execa('apt-get', ['-qq', 'update'], { env })
  await execa('apt-get', ['-qq', '-y', '--no-install-recommends', 'install', ...missing], { env })
}
