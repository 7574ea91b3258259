// Bad input judged without a kernel: every problem is named, the pods concerned fail closed, and the rest stays enforced.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import type { Problem } from '../../src/cluster/change.ts'
import type { Change } from '../../src/source.ts'
import { FolderSource } from '../../src/manifests/folder.ts'
import { prepareEvaluator } from '../../src/policy/evaluator.ts'
import { finalState } from '../arbitrary/cluster.ts'
import { flow } from '../policy/state.ts'
import { BAD_INPUTS } from './all.ts'
import { ADDRESSES, ALWAYS_CLOSED, ALWAYS_OPEN, GOOD } from './case.ts'

let folder = ''

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vethguard-bad-input-'))
})

afterEach(() => rmSync(folder, { recursive: true }))

test('there are at least 40 cases, with names of their own', () => {
  expect(new Set(BAD_INPUTS.map(({ name }) => name)).size).toBe(BAD_INPUTS.length)
  expect(BAD_INPUTS.length).toBeGreaterThanOrEqual(40)
})

describe('bad input', () => {
  test.each(BAD_INPUTS)('$name', async ({ text, file = 'case.yaml', problems = [], open = [], closed = [] }) => {
    const delivered = await readFolder({ 'base.yaml': GOOD, [file]: text })
    expect(delivered.problems).toMatchObject(problems.map(([object, field, message]) => ({
      object: typeof object === 'string' ? object : expect.stringMatching(object),
      field,
      message: expect.stringMatching(message),
    })))
    expect(delivered.problems.map(whom)).toEqual(delivered.problems.map(named))
    const judge = prepareEvaluator(finalState(delivered.changes))
    const isOpen = (each: string) => judge(flow(resolve(each))).allowed
    expect([...ALWAYS_OPEN, ...open].filter((each) => !isOpen(each))).toEqual([])
    expect([...ALWAYS_CLOSED, ...closed].filter(isOpen)).toEqual([])
  })
})

async function readFolder(files: Readonly<Record<string, string>>): Promise<{ changes: Change[]; problems: Problem[] }> {
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content)
  const [changes, problems]: [Change[], Problem[]] = [[], []]
  const source = new FolderSource(folder)
  await source.start({
    changes: (batch) => changes.push(...batch),
    problems: (_, list) => problems.push(...list),
  })
  await source.close()
  return { changes, problems }
}

/** The policy or pod that a problem is counted for. */
function whom({ policy, pod }: Problem): string | undefined {
  return policy ?? pod
}

/** The same, from what people read: a pod that is there twice is not denied anything. */
function named({ object, message }: Problem): string | undefined {
  const { kind, key } = /^(?<kind>NetworkPolicy|Pod) (?<key>[^\s/]+\/\S+)/.exec(object)?.groups ?? {}
  return kind === 'Pod' && message.includes('is already in') ? undefined : key
}

/** Pods' names become their addresses. */
function resolve(text: string): string {
  return text.split(' ').map((word) => ADDRESSES[word] ?? word).join(' ')
}
