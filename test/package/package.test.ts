// What `npm pack` packs, and what it does where it is installed alone.
import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, globSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { environment, installPackage, type Package, REPOSITORY } from './package.ts'

const MANIFEST = JSON.parse(readFileSync(join(REPOSITORY, 'package.json'), 'utf8')) as {
  version: string; engines: { node: string }; devDependencies: Record<string, string>
}

let installed: Package

beforeAll(async () => {
  installed = await installPackage()
})
afterAll(() => installed.close())

test('packed are the program, compiled, its documents, and nothing else', () => {
  const compiled = globSync('src/**/*.ts', { cwd: REPOSITORY }).map((path) => path.replace(/^src(.*)\.ts$/, 'dist$1.js'))
  const documents = globSync('docs/**/*.*', { cwd: REPOSITORY })
  const others = ['CHANGELOG.md', 'LICENSE', 'README.md', 'bin/vethguard', 'package.json']
  expect([...installed.files].sort()).toEqual([...compiled, ...documents, ...others].sort())
})

test('nothing of development is installed with it', () => {
  const ours = Object.keys(MANIFEST.devDependencies).filter((name) => name !== '@types/node') // @kubernetes/client-node has it
  const names = ours.filter((name) => existsSync(join(installed.project, 'node_modules', name)))
  expect(names).toEqual([])
})

describe('in a project of its own', () => {
  const run = (path: string, ...argv: [string, ...string[]]) => {
    const { status, stdout, stderr } = spawnSync(argv[0], argv.slice(1), {
      cwd: installed.project, env: { ...environment(), PATH: path }, encoding: 'utf8',
    })
    return { status, stdout, stderr }
  }
  /** A folder with the programs that bin/vethguard needs, and perhaps a Node of some version. */
  const pathWith = (version?: string): string => {
    const folder = mkdtempSync(join(installed.project, 'bin-'))
    for (const program of ['sh', 'dirname', 'readlink']) symlinkSync(`/usr/bin/${program}`, join(folder, program))
    if (version === undefined) return folder
    writeFileSync(join(folder, 'node'), `#!/bin/sh\necho v${version}\n`)
    chmodSync(join(folder, 'node'), 0o755)
    return folder
  }
  const program = 'node_modules/.bin/vethguard'

  test('npx vethguard --help', () => {
    const { status, stdout } = run(process.env['PATH'] ?? '', 'npx', 'vethguard', '--help')
    expect(status).toBe(0)
    expect(stdout).toContain('Usage: vethguard [options] [command]')
    expect(run(process.env['PATH'] ?? '', program, '--version')).toEqual({ status: 0, stdout: `${MANIFEST.version}\n`, stderr: '' })
  })

  test.each(['18.20.4', '22.21.0', '23.11.1', '9.1.0'])('Node %s is too old, which is said', (version) => {
    const { status, stdout, stderr } = run(pathWith(version), program, '--help')
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' })
    expect(stderr).toBe(`vethguard: Node.js 24 or newer is needed, and the PATH has ${version}; install one, for example from https://nodejs.org\n`)
  })

  test.each(['24.0.0', '24.21.0', '25.2.0', '100.0.0'])('Node %s is new enough', (version) => {
    expect(run(pathWith(version), program, '--help')).toEqual({ status: 0, stdout: `v${version}\n`, stderr: '' })
  })

  test('no Node at all is said too', () => {
    expect(run(pathWith(), program)).toMatchObject({ status: 1, stderr: expect.stringContaining('the PATH has none') })
  })

  test('what it asks for is what package.json says', () => {
    expect(MANIFEST.engines.node).toBe('>=24')
  })
})
