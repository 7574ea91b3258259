// What is wrong with objects, as it is logged and as it is asked for.
import { afterEach, expect, test } from '@jest/globals'
import { FULL_LINES } from '../../src/report/few-lines.ts'
import { policiesInError } from '../../src/observe/problem-kinds.ts'
import { Problems } from '../../src/report/problems.ts'
import type { Problem } from '../../src/cluster/change.ts'
import type { PolicyKey } from '../../src/cluster/objects.ts'
import { keepingLog } from '../agent/log-lines.ts'

const MANY = 2000
const { log, lines } = keepingLog()
const problems = new Problems(log)

afterEach(() => {
  problems.close()
  lines.length = 0
})

function complain(name: string, message: string): void {
  const object = `NetworkPolicy x/${name} (file.yaml#1)`
  const problem: Problem = { object, field: 'spec', message, policy: `x/${name}` as PolicyKey }
  expect(problems.set(object, [problem])).toBe(`x/${name}`)
}

test('each is told once, found by its policy, and taken back', () => {
  complain('p', 'is odd')
  complain('p', 'is odd')
  expect(problems.ofPolicy('x/p' as PolicyKey)).toMatchObject([{ message: 'is odd' }])
  expect(problems.set('NetworkPolicy x/p (file.yaml#1)', [])).toBe('x/p')
  expect(problems.ofPolicy('x/p' as PolicyKey)).toEqual([])
  expect(lines.map(({ level, msg }) => `${level} ${msg}`)).toEqual([
    'warn NetworkPolicy x/p (file.yaml#1): spec is odd',
    'info NetworkPolicy x/p (file.yaml#1): spec: no problem any more',
  ])
})

test('those of a ClusterNetworkPolicy are found by its policy, too', () => {
  const object = 'ClusterNetworkPolicy p'
  const problem: Problem = { object, field: 'spec.tier', message: 'is odd', policy: '/p' as PolicyKey }
  expect(problems.set(object, [problem])).toBe('/p')
  expect([problems.ofPolicy('/p' as PolicyKey), policiesInError(problems.all())]).toEqual([[problem], ['/p']])
  expect(lines.map(({ level, msg }) => `${level} ${msg}`)).toEqual(['warn ClusterNetworkPolicy p: spec.tier is odd'])
  problems.set(object, [])
})

test('of many at once the first are told, and how many more', () => {
  for (let index = 0; index < MANY; index++) complain(`p${index}`, 'is odd')
  expect(problems.all()).toHaveLength(MANY)
  problems.close()
  const shown = lines.filter(({ level }) => level !== 'debug')
  expect(shown).toHaveLength(FULL_LINES + 1)
  expect(shown.at(-1)).toMatchObject({ level: 'info', lines: MANY - FULL_LINES })
})
