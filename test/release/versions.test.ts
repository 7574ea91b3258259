// The version is in package.json alone; what has to repeat it, or the version of something else, is compared here.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { parse } from 'yaml'

const REPOSITORY = join(import.meta.dirname, '..', '..')
const read = (...path: string[]): string => readFileSync(join(REPOSITORY, ...path), 'utf8')
const { version, devDependencies, engines } = JSON.parse(read('package.json')) as {
  version: string; devDependencies: Record<string, string>; engines: Record<string, string>
}

test('the lock file', () => {
  expect(JSON.parse(read('package-lock.json'))).toMatchObject({ version, packages: { '': { version } } })
})

test('the chart and what it installs', () => {
  expect(parse(read('charts', 'vethguard', 'Chart.yaml'))).toMatchObject({ version, appVersion: version })
})

test('the changelog begins with it', () => {
  const [, heading] = /^## (.*)$/m.exec(read('CHANGELOG.md')) ?? []
  expect(heading).toMatch(new RegExp(`^\\[${version.replaceAll('.', '\\.')}\\] - (unreleased|\\d{4}-\\d{2}-\\d{2})$`))
})

test('Node: that of the image and of workflows is the one that tests run with', () => {
  const node = devDependencies['node']!
  expect(read('Dockerfile')).toContain(`ARG NODE_VERSION=${node}\n`)
  const images = read('.github', 'workflows', 'test.yml').match(/node:[\d.]+-bookworm/g)
  expect(new Set(images)).toEqual(new Set([`node:${node}-bookworm`]))
})

test('Node: bin/vethguard asks for what package.json asks for', () => {
  expect(engines['node']).toBe('>=22.19')
  expect(read('bin', 'vethguard')).toContain('-lt 22 ] || { [ "$major" -eq 22 ] && [ "${minor%%.*}" -lt 19 ]')
})
