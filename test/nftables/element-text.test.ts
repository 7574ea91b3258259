import { expect, test } from '@jest/globals'
import type { Key } from '../../src/nftables/content.ts'
import { elementText } from '../../src/nftables/element-text.ts'
import type { SetName } from '../../src/nftables/schema.ts'
import { address, classid, port } from './contents.ts'

const TCP = '\x06\0\0\0'

test.each<[SetName, string, number | string | true, string]>([
  ['class4', address('10.0.0.1'), 0x1_000a, '10.0.0.1 : 1:a'],
  ['class6', address('fd00::1'), 0xffff_fffe, 'fd00::1 : ffff:fffe'],
  ['cidr4', address('0.0.0.0') + address('255.255.255.255'), 1, '0.0.0.0/0 : 0:1'],
  ['cidr4', address('10.0.0.1') + address('10.0.0.1'), 1, '10.0.0.1 : 0:1'],
  ['cidr4', address('10.0.0.1') + address('10.0.0.6'), 1, '10.0.0.1-10.0.0.6 : 0:1'],
  ['cidr6', address('2001:db8::') + address('2001:db8:ffff:ffff:ffff:ffff:ffff:ffff'), 2, '2001:db8::/32 : 0:2'],
  ['in_pair4', classid(0x1_0001) + address('10.0.0.1'), 3, '1:1 . 10.0.0.1 : 0:3'],
  ['verdict_ports', classid(2) + TCP + port(443), 'in/shop/web', '0:2 . tcp . 443 : "in/shop/web"'],
  ['verdict_ports', `${classid(2)}\x84\0\0\0${port(65535)}`, 'x', '0:2 . sctp . 65535 : "x"'],
  ['verdict_ranges', classid(2) + TCP + port(0) + classid(2) + TCP + port(65535), 'x', '0:2 . tcp . 0-65535 : "x"'],
  ['verdict_ranges', classid(2) + TCP + port(80) + classid(2) + TCP + port(80), 'x', '0:2 . tcp . 80-80 : "x"'],
  ['veth4', 'veth1'.padEnd(16, '\0') + address('10.0.0.1'), true, '"veth1" . 10.0.0.1'],
  ['self6', address('fd00::1') + address('fd00::2'), true, 'fd00::1 . fd00::2'],
])('an element of %s', (set, key, value, text) => {
  expect(elementText(set, key as Key, value)).toBe(text)
})
