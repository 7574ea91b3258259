// The dashboard and deploy/ are what `npm run deploy:generate` makes.
import { expect, test } from '@jest/globals'
import { readFileSync } from 'node:fs'
import { dashboardFile, deployFiles } from '../../scripts/generated-files.ts'
import { isHook, nameOf, objectsOf } from './helm.ts'

const HOW = 'run `npm run deploy:generate`'

test('the dashboard is up to date', () => {
  const [path, content] = dashboardFile()
  expect({ HOW, text: readFileSync(path, 'utf8') }).toEqual({ HOW, text: content })
})

test('deploy/ is up to date', async () => {
  for (const [path, content] of await deployFiles()) expect({ HOW, path, text: readFileSync(path, 'utf8') }).toEqual({ HOW, path, text: content })
})

test('manifests have nothing of Helm in them, and nothing that only its events make', async () => {
  for (const [, content] of await deployFiles()) {
    expect(content).not.toMatch(/helm/i)
    expect(objectsOf(content).filter(isHook)).toEqual([])
  }
})

test('what is to be applied is whole', async () => {
  const names = (await deployFiles()).map(([, content]) => objectsOf(content).map(nameOf).sort())
  const agent = ['ClusterRole vethguard', 'ClusterRoleBinding vethguard', 'DaemonSet vethguard', 'ServiceAccount vethguard']
  expect(names).toEqual([
    agent,
    [...agent, 'ConfigMap vethguard-dashboard', 'PodMonitor vethguard', 'PrometheusRule vethguard'].sort(),
    ['DaemonSet vethguard-cleanup'],
  ])
})
