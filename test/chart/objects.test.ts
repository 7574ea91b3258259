// What holds of all objects that the chart makes, with all values of the matrix.
import { expect, test } from '@jest/globals'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import type { ApiObject } from '../e2e/resource-path.ts'
import { chartFile, find, isHook, nameOf, render } from './helm.ts'
import { MATRIX } from './matrix.ts'
import { containersOf, podSpecOf, templateOf } from './pod-template.ts'

const CLUSTER_WIDE = ['ClusterRole', 'ClusterRoleBinding']

interface Metadata {
  readonly name: string
  readonly namespace?: string
  readonly labels: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
}

function metadataOf(object: ApiObject): Metadata {
  return object.metadata as unknown as Metadata
}

test.each(Object.entries(MATRIX))('names, places, labels and selectors: %s', async (_, values) => {
  const objects = await render(values)
  expect(new Set(objects.map(nameOf)).size).toBe(objects.length)
  for (const object of objects) {
    const { name, namespace, labels, annotations = {} } = metadataOf(object)
    expect(name).toMatch(/^[a-z0-9-]{1,63}$/)
    expect({ name: nameOf(object), namespace }).toEqual({ name: nameOf(object), namespace: CLUSTER_WIDE.includes(object.kind) ? undefined : 'kube-system' })
    expect(labels).toMatchObject({ 'app.kubernetes.io/instance': 'vethguard', 'app.kubernetes.io/managed-by': 'Helm', ...values['labels'] as object })
    expect(annotations).toMatchObject(values['annotations'] ?? {})
    if (object.kind !== 'DaemonSet' && object.kind !== 'Deployment') continue
    expect(templateOf(object).metadata.labels).toMatchObject((object['spec'] as { selector: { matchLabels: object } }).selector.matchLabels)
  }
})

test.each(Object.entries(MATRIX))('no container has rights that it does not need: %s', async (_, values) => {
  for (const object of await render(values)) {
    for (const { name, securityContext } of containersOf(podSpecOf(object) ?? { containers: [] })) {
      const isNetAdmin = name === 'vethguard' || name === 'cleanup'
      expect(securityContext).toMatchObject({
        privileged: false, allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, runAsNonRoot: !isNetAdmin,
        seccompProfile: { type: 'RuntimeDefault' },
      })
      expect(securityContext['capabilities']).toEqual({ drop: ['ALL'], ...(isNetAdmin ? { add: ['NET_ADMIN'] } : {}) })
    }
  }
})

test.each(Object.entries(MATRIX))('all pods run the same image: %s', async (_, values) => {
  const specs = (await render(values)).flatMap((object) => podSpecOf(object) ?? [])
  const images = specs.flatMap((spec) => containersOf(spec).map(({ image }) => image))
  expect(images.length).toBeGreaterThan(3)
  expect(new Set(images).size).toBe(1)
  for (const spec of specs) expect(spec['imagePullSecrets']).toEqual(values['imagePullSecrets'])
})

test('labels and annotations of pods are added to, and the selector\'s are not replaced', async () => {
  const values = { labels: { team: 'a', 'app.kubernetes.io/name': 'mine' }, podLabels: { x: 'y', 'app.kubernetes.io/component': 'mine' }, podAnnotations: { z: '1' } }
  const daemonSet = find(await render(values), 'DaemonSet')
  expect(metadataOf(daemonSet).labels).toMatchObject({ team: 'a', 'app.kubernetes.io/name': 'vethguard' })
  const { labels, annotations } = templateOf(daemonSet).metadata
  expect(labels).toEqual({
    team: 'a', x: 'y', 'app.kubernetes.io/name': 'vethguard', 'app.kubernetes.io/instance': 'vethguard', 'app.kubernetes.io/component': 'agent',
  })
  expect(annotations).toEqual({ z: '1' })
})

test.each(['podMonitor', 'prometheusRule', 'dashboard'])('%s is there when asked for, and only then', async (value) => {
  const kind = { podMonitor: 'PodMonitor', prometheusRule: 'PrometheusRule', dashboard: 'ConfigMap' }[value]
  const kinds = async (enabled: boolean): Promise<string[]> => (await render({ listen: ':9611', [value]: { enabled } })).map(({ kind }) => kind)
  expect(await kinds(true)).toContain(kind)
  expect(await kinds(false)).not.toContain(kind)
})

test('without hooks, by default, there are an agent and its rights', async () => {
  const names = (await render()).filter((object) => !isHook(object)).map(nameOf)
  expect(names.sort()).toEqual(['ClusterRole vethguard', 'ClusterRoleBinding vethguard', 'DaemonSet vethguard', 'ServiceAccount vethguard'])
})

test('long names make names that fit', async () => {
  const objects = await render({ fullnameOverride: 'a'.repeat(53) })
  expect(Math.max(...objects.map(({ metadata: { name } }) => name.length))).toBeLessThanOrEqual(63)
})

test('the version is that of the package', () => {
  const { version } = JSON.parse(readFileSync(join(import.meta.dirname, '..', '..', 'package.json'), 'utf8')) as { version: string }
  expect(parse(chartFile('Chart.yaml'))).toMatchObject({ version, appVersion: version })
})
