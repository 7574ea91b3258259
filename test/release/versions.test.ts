// The version and the repository's address are in package.json alone; what has to repeat them, or the version of something else, is compared here.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { parse } from 'yaml'

const REPOSITORY = join(import.meta.dirname, '..', '..')
const read = (...path: string[]): string => readFileSync(join(REPOSITORY, ...path), 'utf8')
const { version, devDependencies, engines, repository } = JSON.parse(read('package.json')) as {
  version: string; devDependencies: Record<string, string>; engines: Record<string, string>; repository: { url: string }
}
/** As a browser takes it. */
const ADDRESS = repository.url.replace(/^git\+|\.git$/g, '')

test('the lock file', () => {
  expect(JSON.parse(read('package-lock.json'))).toMatchObject({ version, packages: { '': { version } } })
})

test('the chart and what it installs', () => {
  expect(parse(read('charts', 'vethguard', 'Chart.yaml'))).toMatchObject({ version, appVersion: version })
})

test('the image says it, also where nobody gives a version to the build', () => {
  expect(read('Dockerfile')).toContain(`ARG VERSION=${version}\n`)
})

test('the changelog begins with it', () => {
  const [, heading] = /^## (.*)$/m.exec(read('CHANGELOG.md')) ?? []
  expect(heading).toMatch(new RegExp(`^\\[${version.replaceAll('.', '\\.')}\\] - (unreleased|\\d{4}-\\d{2}-\\d{2})$`))
})

test.each(['README.md', 'docs/install.md', 'deploy/README.md', 'charts/vethguard/README.md'])('%s says that there is no release as long as there is none', (file) => {
  const isReleased = /^## .* - \d{4}-\d{2}-\d{2}$/m.test(read('CHANGELOG.md'))
  expect(/not released yet/.test(read(file))).toBe(!isReleased)
})

test('Node: that of the image and of workflows is the one that tests run with', () => {
  const node = devDependencies['node']!
  expect(read('Dockerfile')).toContain(`ARG NODE_VERSION=${node}\n`)
  const images = read('.github', 'workflows', 'test.yml').match(/node:[\d.]+-bookworm/g)
  expect(new Set(images)).toEqual(new Set([`node:${node}-bookworm`]))
})

test('the repository: of the image, the chart, and who signs', () => {
  expect(ADDRESS).toMatch(/^https:\/\/github\.com\/[\w-]+\/[\w-]+$/)
  expect(read('Dockerfile')).toContain(`org.opencontainers.image.source="${ADDRESS}"`)
  expect(parse(read('charts', 'vethguard', 'Chart.yaml'))).toMatchObject({ home: ADDRESS, sources: [ADDRESS] })
  expect(parse(read('charts', 'vethguard', 'values.yaml'))).toMatchObject({ image: { repository: ADDRESS.replace('https://github.com/', 'ghcr.io/') } })
  expect(read('docs', 'install.md')).toContain(`--certificate-identity ${ADDRESS}/.github/workflows/release.yml@refs/tags/v${version}`)
})

test('Helm: that of the kind workflow, and of the documents, is the one that tests run with', () => {
  const [, helm = ''] = /helm\.sh\/helm\/v4@v([\d.]+)/.exec(read('test', 'chart', 'helm.ts')) ?? []
  expect(helm).not.toBe('')
  expect(read('.github', 'workflows', 'kind.yml')).toContain(`go install helm.sh/helm/v4/cmd/helm@v${helm}\n`)
  expect(read('docs', 'install.md')).toContain(`Helm ${helm}`)
})

test('Node: bin/vethguard asks for what package.json asks for', () => {
  expect(engines['node']).toBe('>=24')
  expect(read('bin', 'vethguard')).toContain('[ "${major:-0}" -lt 24 ]')
})
