// Where the cluster is read from follows from the settings.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import pino from 'pino'
import { readerOf } from '../../src/cli/reader.ts'
import { readConfig } from '../../src/config/read.ts'
import { FakeApi } from '../kube/fake-api.ts'
import { clusterPolicy, node } from '../kube/fixture.ts'
import { StrictSink } from '../kube/strict-sink.ts'

const NAMES = ['nodeName', 'source', 'kubeconfig', 'clusterNetworkPolicies'] as const

let api: FakeApi
let folder: string
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'vethguard-reader-'))
  api = new FakeApi()
  api.served = ['v1beta1']
  api.put('clusternetworkpolicies', clusterPolicy('p'))
  api.put('nodes', node('n1'))
  await api.listen()
})
afterEach(async () => {
  await api.stop()
  rmSync(folder, { recursive: true })
})

/** What is delivered with these settings, as `kind key`. */
async function delivered(settings: Record<string, string>): Promise<string[]> {
  const { source } = readerOf(readConfig(NAMES, { nodeName: 'n', ...settings }), {}, pino({ level: 'silent' }))
  const sink = new StrictSink()
  try {
    await source.start(sink)
  } finally {
    await source.close()
  }
  return [...sink.objects.keys()].sort()
}

test.each([['on', ['cluster-policy /p', 'node n1']], ['off', []]])('ClusterNetworkPolicies %s', async (clusterNetworkPolicies, expected) => {
  const kubeconfig = join(folder, 'kubeconfig')
  writeFileSync(kubeconfig, JSON.stringify({
    // The client takes HTTP only then.
    'clusters': [{ name: 'c', cluster: { 'server': api.url, 'insecure-skip-tls-verify': true } }],
    'users': [{ name: 'u', user: {} }],
    'contexts': [{ name: 'c', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'c',
  }))
  expect(await delivered({ kubeconfig, clusterNetworkPolicies })).toEqual(expected)
})

test('a folder is read instead of an API server', async () => {
  writeFileSync(join(folder, 'n.yaml'), 'kind: Node\nmetadata: {name: n2}\n')
  expect(await delivered({ source: folder, clusterNetworkPolicies: 'on' })).toEqual(['node n2'])
  expect(api.requests).toEqual([])
})
