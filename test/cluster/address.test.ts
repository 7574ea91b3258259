import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import ipaddr from 'ipaddr.js'
import {
  type Address, addressBytes, addressFromBytes, contains, formatAddress, formatRange, parseAddress, parseCidr, predecessor, successor,
} from '../../src/cluster/address.ts'
import { property } from '../property.ts'

const bytesArb = fc.constantFrom(4, 16).chain((length) => (
  fc.array(fc.oneof(fc.constant(0), fc.constant(255), fc.nat(255)), { minLength: length, maxLength: length })
))

test('every address reads back from every usual spelling', () => {
  property(bytesArb, (bytes) => {
    const ip = ipaddr.fromByteArray(bytes)
    const isMapped = ip instanceof ipaddr.IPv6 && ip.isIPv4MappedAddress()
    const address = addressFromBytes(isMapped ? bytes.slice(12) : bytes)
    for (const text of [ip.toString(), ip.toNormalizedString(), ip.toString().toUpperCase()]) expect(parseAddress(text)).toBe(address)
    expect(parseAddress(formatAddress(address))).toBe(address)
    expect(addressBytes(address)).toEqual(isMapped ? bytes.slice(12) : bytes)
  })
})

/** Whatever colons and digits: a text is an address for us exactly if it is one for ipaddr.js. */
test('what looks like IPv6 is judged as ipaddr.js judges it', () => {
  const textArb = fc.array(fc.constantFrom(':', '::', '0', 'f', 'ffff', '12345', '1', 'ab'), { maxLength: 17, size: 'max' }).map((parts) => parts.join(''))
  property(textArb, (text) => expect(parseAddress(text) === undefined).toBe(!(text.includes(':') && ipaddr.IPv6.isValid(text))))
})

test.each([
  ['010.001.000.009', '10.1.0.9'],
  ['::ffff:10.0.0.1', '10.0.0.1'],
  ['::ffff:a00:1', '10.0.0.1'],
  ['::FFFF:010.000.00.1', '10.0.0.1'],
  ['::10.0.0.1', '::a00:1'],
  ['64:ff9b::10.0.0.1', '64:ff9b::a00:1'],
  ['::', '::'],
  ['1::', '1::'],
  ['FD00::A', 'fd00::a'],
])('%s is %s', (text, plain) => {
  const address = parseAddress(text)
  expect(address && formatAddress(address)).toBe(plain)
})

test.each(['', '10.0.0', '10.0.0.256', '0x0a.0.0.1', 'fe80::1%eth0', ':::', '1:2:3:4:5:6:7', '1::2::3', '1:2:3:4:5:6:7:8:9', '1:', ':1', 'g::', '::1001.1.1.1', '::256.0.0.1', '::0xa.0.0.1', '::10.0.1', '::10.0.0.0.1'])(
  '%s is no address', (text) => expect(parseAddress(text)).toBeUndefined())

test.each([
  ['10.1.2.3/8', '10.0.0.0/8'],
  ['010.0.0.0/08', '10.0.0.0/8'],
  ['10.0.0.0/00008', '10.0.0.0/8'],
  ['::10.0.0.0/104', '::a00:0/104'],
  ['0.0.0.0/0', '0.0.0.0/0'],
  ['::/0', '::/0'],
  ['::ffff:10.0.0.0/104', '10.0.0.0/8'],
  ['fd00::1/127', 'fd00::/127'],
  ['10.0.0.1/32', '10.0.0.1'],
])('CIDR %s is %s', (text, plain) => {
  const range = parseCidr(text)
  expect(range && formatRange(range)).toBe(plain)
})

test('neighbours: the order of addresses is that of their bytes', () => {
  property(bytesArb, (bytes) => {
    const address = addressFromBytes(bytes)
    const next = successor(address)
    expect(next === undefined).toBe(bytes.every((byte) => byte === 255))
    if (next === undefined) return
    expect(next > address).toBe(true)
    expect(predecessor(next)).toBe(address)
    expect(contains({ first: address, last: next }, next)).toBe(true)
    expect(contains({ first: next, last: next }, address)).toBe(false)
    expect(contains({ first: '\0\0\0\0' as Address, last: '\xff\xff\xff\xff' as Address }, address)).toBe(bytes.length === 4)
  })
})
