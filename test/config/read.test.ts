// Settings: what is taken, what is refused, and how that is said.
import { expect, test } from '@jest/globals'
import { formatRange } from '../../src/cluster/address.ts'
import { formatListenAddress, parseListenAddress } from '../../src/config/listen-address.ts'
import { OPTIONS } from '../../src/config/options.ts'
import { readConfig } from '../../src/config/read.ts'

const GOOD = { nodeName: 'node-1', source: '/manifests', backend: 'nft', spoofGuard: 'off', logLevel: 'debug' }

test('strings become values', () => {
  expect(readConfig(['nodeName', 'source', 'backend', 'spoofGuard', 'logLevel'], GOOD)).toEqual({ ...GOOD, spoofGuard: false })
})

test('only what is asked for is read', () => {
  expect(readConfig(['backend'], { ...GOOD, nodeName: '!' })).toEqual({ backend: 'nft' })
})

test.each(['a', '0', 'node-1', 'ip-10-0-0-1.eu-west-1.compute.internal', 'n'.repeat(253)])('"%s" is a name of a node', (nodeName) => {
  expect(readConfig(['nodeName'], { nodeName })).toEqual({ nodeName })
})

test.each(['', '-a', 'a-', 'a b', 'A', 'a..b', '.a', 'a.', 'a.-b', 'a\n', 'n'.repeat(254)])('"%s" is none', (nodeName) => {
  expect(() => readConfig(['nodeName'], { nodeName })).toThrow(expect.objectContaining({
    code: 'CONFIG_INVALID',
    message: expect.stringContaining(`--node-name <name> (NODE_NAME) must be the name of a node`),
  }))
})

test('every setting that is wrong or missing is named at once', () => {
  const read = () => readConfig(['nodeName', 'source', 'backend'], { source: '', backend: 'iptables' })
  expect(read).toThrow('--node-name <name> (NODE_NAME) is needed; --source <dir> (VETHGUARD_SOURCE) must be a folder, not ""; '
    + '--backend <kind> (VETHGUARD_BACKEND) must be netlink or nft, not "iptables"')
})

test.each([
  ['127.0.0.1:9611', { host: '127.0.0.1', port: 9611 }],
  [':9611', { host: undefined, port: 9611 }],
  ['[fd00::1]:1', { host: 'fd00::1', port: 1 }],
  ['fd00::1:65535', { host: 'fd00::1', port: 65_535 }], // as $(HOST_IP):65535 becomes
  ['localhost:80', { host: 'localhost', port: 80 }],
  ['off', null],
])('--listen %s', (listen, value) => {
  expect(readConfig(['listen'], { listen })).toEqual({ listen: value })
  if (value !== null) expect(parseListenAddress(formatListenAddress(value))).toEqual(value)
})

test.each([
  ['listen', ['', '9611', '127.0.0.1', ':0', ':65536', ':x', ':9611 ', '1.2.3:80', '[127.0.0.1]:80', '[]:80', 'fd00::1', 'example:80', 'on', ':-1']],
  ['metricsPolicyLabels', ['', 'yes', '-1', '1.5', '1e3', '1000000000']],
  ['dryRun', ['', 'true', '1']],
  ['events', ['yes']],
  ['clusterNetworkPolicies', ['', 'auto', 'true']],
  ['serviceCidrs', ['10.96.0.0', '10.96.0.0/33', '10.96.0.0/12;fd00::/112', 'x', '10.96.0.0/12,x']],
  ['compareSeconds', ['', '0', '-5', '1.5', '3m', '100000']],
  ['output', ['', 'yaml', 'JSON']],
] as const)('%s is none of %j', (name, texts) => {
  for (const text of texts) {
    const { flag, env } = OPTIONS[name]
    expect(() => readConfig([name], { [name]: text })).toThrow(expect.objectContaining({
      code: 'CONFIG_INVALID',
      message: expect.stringMatching(/ must be .*, not "/),
    }))
    expect(() => readConfig([name], { [name]: text })).toThrow(`${flag} (${env}) must be `)
  }
})

test('series for all, for none, or for a number of policies', () => {
  const limit = (text: string) => readConfig(['metricsPolicyLabels'], { metricsPolicyLabels: text }).metricsPolicyLabels
  expect(['on', 'off', '0', '1', '500'].map(limit)).toEqual([Infinity, 0, 0, 1, 500])
})

test('ranges of Services, and none', () => {
  const { serviceCidrs } = readConfig(['serviceCidrs'], { serviceCidrs: '10.96.0.0/12, fd00:10:96::/112' })
  expect(serviceCidrs.map(formatRange)).toEqual(['10.96.0.0/12', 'fd00:10:96::/112'])
  for (const none of ['', undefined]) expect(readConfig(['serviceCidrs'], { serviceCidrs: none })).toEqual({ serviceCidrs: [] })
})

test('every default is a value that is taken, and no two settings share a variable', () => {
  for (const option of Object.values(OPTIONS)) {
    if ('default' in option) expect(option.schema.safeParse(option.default).success).toBe(true)
    if ('bare' in option) expect(option.schema.safeParse(option.bare).success).toBe(true)
  }
  expect(new Set(Object.values(OPTIONS).map(({ env }) => env)).size).toBe(Object.keys(OPTIONS).length)
})
