// What the schema lets through and what it refuses, by helm's own judgement.
import { expect, test } from '@jest/globals'
import { MATRIX } from './matrix.ts'
import { helm, CHART, renderText, type Values } from './helm.ts'

test.each(Object.entries(MATRIX))('lint finds nothing against: %s', async (_, values) => {
  expect(await helm('lint', '--strict', CHART, '--set-json', JSON.stringify(values))).toContain('0 chart(s) failed')
})

const REFUSED: Readonly<Record<string, Values>> = {
  'a value that there is not': { spoofguard: true },
  'a value in a group that there is not': { image: { registry: 'example.com' } },
  'a digest that is none': { image: { digest: 'latest' } },
  'a tag in the repository\'s place': { image: { repository: '' } },
  'a pull policy that is none': { image: { pullPolicy: 'Sometimes' } },
  'a pull secret by its name alone': { imagePullSecrets: ['registry'] },
  'another back end': { backend: 'iptables' },
  'a switch that is neither on nor off': { spoofGuard: 'yes' },
  'another log level': { logLevel: 'verbose' },
  'an address without a port': { listen: '127.0.0.1' },
  'a port alone': { listen: 9611 },
  'an IPv6 address without brackets': { listen: '::1:9611' },
  'a port that there is not': { listen: ':65536' },
  'an address of two numbers': { listen: '127.1:9611' },
  'a negative number of policies': { metricsPolicyLabels: -1 },
  'part of a policy': { metricsPolicyLabels: 0.5 },
  'ranges as one text': { serviceCidrs: '10.96.0.0/16' },
  'a range that is an address': { serviceCidrs: ['10.96.0.1'] },
  'comparing without a pause': { compareSeconds: 0 },
  'no node at a time': { maxUnavailable: 0 },
  'no node at a time, in percent': { maxUnavailable: '0%' },
  'more than all nodes at a time': { maxUnavailable: '101%' },
  'no time to end': { terminationGracePeriodSeconds: 0 },
  'another name for the node': { extraEnv: [{ name: 'NODE_NAME', value: 'node-1' }] },
  'a number as a label': { podLabels: { a: 1 } },
  'an affinity that is none': { affinity: { nodeSelectorTerms: [] } },
  'a name that is none': { fullnameOverride: 'Vethguard' },
  'a switch as a word, where only true and false are': { podMonitor: { enabled: 'true' } },
  'an interval without a unit': { podMonitor: { interval: '30' } },
  'waiting for ever': { cleanup: { timeoutSeconds: 0 } },
}

test.each(Object.entries(REFUSED))('refused: %s', async (_, values) => {
  await expect(renderText(values)).rejects.toThrow(/don't meet the specifications of the schema/)
})

test.each(['off', '127.0.0.1:9611', '[::1]:9611'])('Prometheus cannot scrape %s, and the chart says what to do', async (listen) => {
  await expect(renderText({ listen, podMonitor: { enabled: true } })).rejects.toThrow(`does not reach listen=${listen}; set listen=$(HOST_IP):9611`)
})

test('the highest port is one', async () => {
  expect(await renderText({ listen: ':65535' })).toContain('containerPort: 65535')
})

test.each([true, 'on'])('Events (%s) need an API server, which a folder is not', async (events) => {
  await expect(renderText({ source: '/manifests', events })).rejects.toThrow('events: needs an API server, which source stands in for')
})

test('the account of all pods of the namespace gets no rights', async () => {
  const serviceAccount = { create: false }
  await expect(renderText({ serviceAccount })).rejects.toThrow(/serviceAccount\.create=false without serviceAccount\.name/)
  expect(await renderText({ serviceAccount, rbac: { create: false } })).toContain('serviceAccountName: default')
})

test('charts that depend on this one may share global values', async () => {
  expect(await renderText({ global: { registry: 'example.com' } })).toContain('kind: DaemonSet')
})
