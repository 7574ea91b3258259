import { expect, test } from '@jest/globals'
import { formatTunnel, parseTunnel } from '../../src/cluster/tunnel.ts'

test.each(['udp/1', 'udp/4789', 'udp/65535', 'ip/4', 'ip/255'])('%s is a tunnel', (text) => {
  expect(formatTunnel(parseTunnel(text)!)).toBe(text)
})

test.each(['', 'udp', 'udp/', 'udp/0', 'udp/65536', 'udp/04789', 'tcp/80', 'ip/0', 'ip/256', 'ip/17', 'udp/1 ', '4789', 'UDP/1'])('%j is none', (text) => {
  expect(parseTunnel(text)).toBeUndefined()
})
