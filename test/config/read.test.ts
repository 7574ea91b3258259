// Settings: what is taken, what is refused, and how that is said.
import { expect, test } from '@jest/globals'
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

test('every default is a value that is taken, and no two settings share a variable', () => {
  for (const option of Object.values(OPTIONS)) {
    if ('default' in option) expect(option.schema.safeParse(option.default).success).toBe(true)
  }
  expect(new Set(Object.values(OPTIONS).map(({ env }) => env)).size).toBe(Object.keys(OPTIONS).length)
})
