// Workflows of the public forge, as far as they can be judged without it: actionlint, rights, and pins.
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from '@jest/globals'
import { parse } from 'yaml'
import { BUILD_TIMEOUT_MS, goInstall } from '../e2e/cluster/binaries.ts'

const REPOSITORY = join(import.meta.dirname, '..', '..')
const FOLDER = join(REPOSITORY, '.github', 'workflows')
const FILES = readdirSync(FOLDER)

interface Workflow {
  readonly on: Readonly<Record<string, unknown>>
  readonly permissions: unknown
  readonly jobs: Readonly<Record<string, Job>>
}
interface Job {
  readonly needs?: string | readonly string[]
  readonly permissions?: Readonly<Record<string, string>>
  readonly 'timeout-minutes'?: number
  /** Another workflow, which has steps and a timeout of its own. */
  readonly uses?: string
  readonly steps?: readonly { readonly uses?: string; readonly with?: Readonly<Record<string, unknown>> }[]
}

let actionlint: string

function workflow(file: string): Workflow {
  return parse(readFileSync(join(FOLDER, file), 'utf8')) as Workflow
}

function publishes({ permissions = {} }: Job): boolean {
  return Object.values(permissions).includes('write')
}

beforeAll(async () => {
  actionlint = await goInstall('github.com/rhysd/actionlint@v1.7.12', 'cmd/actionlint')
}, BUILD_TIMEOUT_MS)

describe.each(FILES)('%s', (file) => {
  const text = readFileSync(join(FOLDER, file), 'utf8')
  const { permissions, jobs } = workflow(file)
  const own = Object.values(jobs).filter(({ uses }) => uses === undefined)
  const steps = own.flatMap((job) => job.steps ?? [])

  test('is what the forge understands', () => {
    expect(execFileSync(actionlint, ['-no-color', join(FOLDER, file)], { cwd: REPOSITORY, encoding: 'utf8' })).toBe('')
  })

  test('may only read, but for jobs that publish', () => {
    expect(permissions).toEqual({ contents: 'read' })
    const publishing = Object.entries(jobs).filter(([, job]) => publishes(job)).map(([name]) => name)
    expect(publishing).toEqual(file === 'release.yml' ? ['image', 'chart', 'npm'] : [])
  })

  test('each action is pinned by commit, with its version beside', () => {
    const lines = text.split('\n').filter((line) => /^\s*-? *uses: (?!\.\/)/.test(line))
    expect(lines).toHaveLength(steps.filter(({ uses }) => uses !== undefined).length)
    for (const line of lines) expect(line).toMatch(/uses: [\w/-]+@[0-9a-f]{40} # v\d+(\.\d+\.\d+)?$/)
  })

  test('one action has one version', () => {
    const pins = new Set(text.match(/[\w/-]+@[0-9a-f]{40}/g) ?? [])
    expect(pins.size).toBe(new Set([...pins].map((pin) => pin.replace(/@.*/, ''))).size)
  })

  test('no job runs for ever, and none leaves the clone\'s token behind', () => {
    for (const job of own) expect(job['timeout-minutes']).toBeGreaterThan(0)
    const clones = steps.filter(({ uses }) => uses?.startsWith('actions/checkout@'))
    for (const { with: options } of clones) expect(options).toMatchObject({ 'persist-credentials': false })
  })
})

test.each(['test.yml', 'kind.yml'])('nothing is published before %s has passed', (file) => {
  const { jobs } = workflow('release.yml')
  const needed = (name: string): string[] => [jobs[name]?.needs ?? []].flat().flatMap((each) => [each, ...needed(each)])
  const publishing = Object.keys(jobs).filter((name) => publishes(jobs[name]!))
  expect(publishing.length).toBeGreaterThan(0)
  for (const name of publishing) expect(needed(name).map((each) => jobs[each]?.uses)).toContain(`./.github/workflows/${file}`)
  expect(workflow(file).on).toHaveProperty('workflow_call')
})
