import { describe, expect, test } from '@jest/globals'
import { crc32c, internetChecksum } from '../../lab/checksum.ts'
import { answerTo, decodeFrame, encodeFrame, macBytes, type Frame } from '../../lab/frame.ts'
import { literalAddress } from '../../lab/host.ts'

const frame: Frame = {
  protocol: 'TCP',
  sourceMac: macBytes('02:00:00:00:00:01'),
  destinationMac: macBytes('02:00:00:00:00:02'),
  source: literalAddress('10.0.0.1'),
  destination: literalAddress('10.0.0.2'),
  sourcePort: 40000,
  destinationPort: 80,
  token: 0xfffffffe,
  isAnswer: false,
}
const ipv6 = { source: literalAddress('fd00::1'), destination: literalAddress('fd00::2') }

test('checksums agree with published examples', () => {
  expect(crc32c(Buffer.from('123456789'))).toBe(0xe3069283)
  // RFC 1071, section 3: the sum is ddf2
  expect(internetChecksum(Buffer.from('0001f203', 'hex'), Buffer.from('f4f5f6f7', 'hex'))).toBe(~0xddf2 & 0xffff)
  expect(internetChecksum(Buffer.from('010203', 'hex'))).toBe(~(0x0102 + 0x0300) & 0xffff)
})

describe.each([{}, ipv6])('with %o', (addresses) => {
  test.each(['TCP', 'UDP', 'SCTP', 'ICMP'] as const)('%s is read back as it was written, so is its answer', (protocol) => {
    const destinationPort = protocol === 'ICMP' ? 0 : 80
    const probe = { ...frame, ...addresses, protocol, destinationPort }
    expect(decodeFrame(encodeFrame(probe))).toEqual(probe)
    expect(decodeFrame(encodeFrame(answerTo(probe)))).toEqual(answerTo(probe))
  })
})

test('what is no probe is ignored', () => {
  const reset = encodeFrame(frame)
  reset[14 + 20 + 13] = 0x04 // RST
  const arp = encodeFrame(frame)
  arp.writeUInt16BE(0x0806, 12)
  for (const other of [reset, arp, Buffer.alloc(0), Buffer.alloc(60)]) expect(decodeFrame(other)).toBeUndefined()
})
