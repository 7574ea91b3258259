// Debian's packages for a machine: by an apt of its own, with the sources and keys of this one. It has its own lists, since the machine may
// be of another architecture, and believes that nothing is installed, so that it fetches everything that a package needs.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { execa } from 'execa'
import type { Architecture } from './kinds.ts'

export class Packages {
  readonly #folder: string
  readonly #env: NodeJS.ProcessEnv

  /** @param folder where lists and packages are kept */
  constructor(folder: string, architecture: Architecture) {
    this.#folder = folder
    for (const name of ['state/lists/partial', 'cache/archives/partial', 'none/partial']) mkdirSync(join(folder, name), { recursive: true })
    writeFileSync(join(folder, 'status'), '')
    writeFileSync(join(folder, 'apt.conf'), [
      `APT::Architecture "${architecture}";`,
      `APT::Architectures { "${architecture}"; };`,
      `Dir::State "${folder}/state";`,
      `Dir::State::status "${folder}/status";`,
      `Dir::Cache "${folder}/cache";`,
      'APT::Sandbox::User "root";',
      'Acquire::Languages "none";',
      '',
    ].join('\n'))
    this.#env = { ...process.env, APT_CONFIG: join(folder, 'apt.conf'), DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C' }
  }

  async update(): Promise<void> {
    await this.#run(this.#folder, 'apt-get', '-qq', 'update')
  }

  /** The newest package with such a name. */
  async newest(pattern: RegExp): Promise<string> {
    const names = (await this.#run(this.#folder, 'apt-cache', 'pkgnames', 'linux-image-')).split('\n').filter((name) => pattern.test(name))
    const newest = names.sort((one, other) => one.localeCompare(other, 'en', { numeric: true })).at(-1)
    if (newest === undefined) throw new Error(`no package is called ${pattern.source}: is there a Debian 12 in apt's sources?`)
    return newest
  }

  /** Fetches packages with all that they need. @returns their archives */
  async fetch(names: readonly string[]): Promise<string[]> {
    const install = ['-qq', '-y', '--no-install-recommends']
    const listed = await this.#run(this.#nowhere, 'apt-get', ...install, '-o', `Dir::Cache::archives=${this.#nowhere}`, '--print-uris', 'install', ...names)
    await this.#run(this.#folder, 'apt-get', ...install, '--download-only', 'install', ...names)
    return archivesOf(listed).map((file) => join(this.#folder, 'cache', 'archives', file))
  }

  /** Fetches one package, and nothing that it needs. @returns its archive */
  async fetchAlone(name: string): Promise<string> {
    const [file = ''] = archivesOf(await this.#run(this.#nowhere, 'apt-get', '-qq', '--print-uris', 'download', name))
    await this.#run(this.#folder, 'apt-get', '-qq', 'download', name)
    return join(this.#folder, file)
  }

  /** An empty folder: of what is in the current one, apt-get does not say where to get it. */
  get #nowhere(): string {
    return join(this.#folder, 'none')
  }

  async #run(cwd: string, program: string, ...args: readonly string[]): Promise<string> {
    const { stdout } = await execa(program, args, { cwd, env: this.#env, stdin: 'ignore' })
    return stdout
  }
}

/** Lines are `'URI' FILE BYTES HASH`. */
function archivesOf(listed: string): string[] {
  return [...listed.matchAll(/^'[^']+' (\S+\.deb) /gm)].map(([, file = '']) => file)
}
