// The package as npm makes and installs it: packed from a copy of what it is made of, since other tests read the repository.
import { execFile } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { promisify } from 'node:util'

export const REPOSITORY = join(import.meta.dirname, '..', '..')
const INGREDIENTS = [
  'bin', 'docs', 'src', 'CHANGELOG.md', 'LICENSE', 'README.md', 'package.json', 'package-lock.json', 'tsconfig.json', 'tsconfig.build.json',
]

export interface Package {
  /** Paths in the tarball. */
  readonly files: readonly string[]
  /** A project that has nothing but the package installed. */
  readonly project: string
  readonly close: () => void
}

export async function installPackage(): Promise<Package> {
  const folder = mkdtempSync(join(tmpdir(), 'vethguard-package-'))
  const [copy, project] = ['copy', 'project'].map((name) => join(folder, name)) as [string, string]
  const close = (): void => rmSync(folder, { recursive: true })
  try {
    for (const path of [copy, project]) mkdirSync(path)
    for (const name of INGREDIENTS) cpSync(join(REPOSITORY, name), join(copy, name), { recursive: true })
    symlinkSync(join(REPOSITORY, 'node_modules'), join(copy, 'node_modules'))
    const packed = await npm(copy, 'pack', '--json', '--pack-destination', folder)
    const [{ filename, files }] = JSON.parse(packed.slice(packed.indexOf('['))) as [{ filename: string; files: { path: string }[] }]
    await npm(project, 'init', '--yes')
    await npm(project, 'install', '--no-audit', '--no-fund', '--prefer-offline', join(folder, filename))
    return { files: files.map(({ path }) => path), project, close }
  } catch (error) {
    close()
    throw error
  }
}

/** @returns what it prints @throws Error with all that it said: the compiler's complaints are on standard output */
async function npm(folder: string, ...args: string[]): Promise<string> {
  try {
    return (await promisify(execFile)('npm', args, { cwd: folder, env: environment() })).stdout
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string }
    throw new Error(`npm ${args.join(' ')}: ${stdout}${stderr}`, { cause: error })
  }
}

/** Of a user's shell: npm would take settings of the `npm test` that we run under for those of the new project. */
export function environment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.toLowerCase().startsWith('npm_')))
}
