// The disk of a machine: Debian's packages unpacked, none of them configured, the modules of all kernels that use it, and the project.
import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { execa } from 'execa'

export const REPOSITORY = join(import.meta.dirname, '..', '..')

/** Where the project is in there. */
const PROJECT = 'opt/vethguard'

/** What tests run, and what is run for the machine to come up. */
export const ROOT_PACKAGES = [
  'base-files', 'base-passwd', 'bash', 'busybox-static', 'conntrack', 'coreutils', 'curl', 'dash', 'findutils', 'grep', 'gzip', 'hostname',
  'iperf3', 'iproute2', 'iputils-ping', 'kmod', 'libatomic1', 'libc-bin', 'libstdc++6', 'mawk', 'mount', 'nftables', 'openssl', 'procps',
  'sed', 'socat', 'tar', 'util-linux', 'wireguard-tools',
]

/** Folders that Debian has as links into /usr. */
const MERGED = ['bin', 'sbin', 'lib', 'lib64'] as const
const EMPTY = ['proc', 'sys', 'dev', 'run', 'tmp', 'root', 'etc', 'var/log'] as const

/** Of the project, what no test in there needs. */
const LEFT_OUT = new Set(['.git', '.cache', 'dist', 'coverage', 'node_modules'])

/** Space for what a machine writes; the tests' own files are in its memory. */
const SPARE_MB = 512

/** Unpacks packages, if these are not what is there. */
export async function unpackRoot(root: string, archives: readonly string[]): Promise<void> {
  const stamp = `${root}.packages`
  const wanted = archives.map((path) => basename(path)).join('\n')
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return
  rmSync(stamp, { force: true })
  rmSync(root, { recursive: true, force: true })
  for (const folder of EMPTY) mkdirSync(join(root, folder), { recursive: true })
  for (const name of MERGED) {
    mkdirSync(join(root, 'usr', name), { recursive: true })
    symlinkSync(join('usr', name), join(root, name))
  }
  for (const archive of archives) await unpack(archive, root)
  // What the maintainer scripts of base-passwd would do.
  for (const name of ['passwd', 'group']) cpSync(join(root, `usr/share/base-passwd/${name}.master`), join(root, 'etc', name))
  writeFileSync(join(root, 'etc/hosts'), '127.0.0.1 localhost\n::1 localhost\n')
  chmodSync(join(root, 'tmp'), 0o1777)
  writeFileSync(stamp, wanted)
}

/** Where folders are links, into what they lead to. */
async function unpack(archive: string, root: string): Promise<void> {
  await execa('dpkg-deb', ['--fsys-tarfile', archive], { encoding: 'buffer', buffer: false })
    .pipe('tar', ['--extract', '--keep-directory-symlink', '--directory', root])
}

export interface Kernel {
  /** As `uname -r` says it: the name of its modules' folder. */
  readonly release: string
  readonly image: string
}

/** Unpacks a kernel, and puts its modules into the root. */
export async function addKernel(archive: string, folder: string, root: string): Promise<Kernel> {
  const own = join(folder, basename(archive, '.deb'))
  if (!existsSync(own)) {
    await execa('dpkg-deb', ['--extract', archive, `${own}.new`])
    await execa('mv', [`${own}.new`, own])
  }
  const [release = ''] = readdirSync(join(own, 'lib/modules'))
  const modules = join(root, 'usr/lib/modules', release)
  if (!existsSync(join(modules, 'modules.dep'))) {
    mkdirSync(join(root, 'usr/lib/modules'), { recursive: true })
    cpSync(join(own, 'lib/modules', release), modules, { recursive: true })
    await execa('depmod', ['-b', root, release])
  }
  return { release, image: join(own, 'boot', `vmlinuz-${release}`) }
}

/** Puts the project there as it is in this work tree. @returns where */
export async function addProject(root: string): Promise<string> {
  const project = join(root, PROJECT)
  rmSync(project, { recursive: true, force: true })
  mkdirSync(project, { recursive: true })
  const parts = readdirSync(REPOSITORY).filter((name) => !LEFT_OUT.has(name)).map((name) => join(REPOSITORY, name))
  await execa('cp', ['--archive', ...parts, project])
  await execa('cp', ['--archive', realpathSync(join(REPOSITORY, 'node_modules')), join(project, 'node_modules')])
  return project
}

/** Makes a disk of the root. Machines write into a layer of their own, so that each finds it as it is now. */
export async function makeDisk(root: string, disk: string): Promise<void> {
  const { stdout } = await execa('du', ['--summarize', '--block-size=1M', root])
  rmSync(disk, { force: true })
  await execa('truncate', ['--size', `${Math.round(Number.parseInt(stdout, 10) * 1.3) + SPARE_MB}M`, disk])
  await execa('mkfs.ext4', ['-q', '-F', '-d', root, disk])
}
