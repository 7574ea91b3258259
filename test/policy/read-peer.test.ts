// ipBlocks and ports in every spelling that API servers have accepted, and those that they would not.
import { describe, expect, test } from '@jest/globals'
import { formatRange } from '../../src/cluster/address.ts'
import { rootPlace } from '../../src/cluster/fields.ts'
import { readPeer } from '../../src/policy/read-peer.ts'
import { readPort } from '../../src/policy/read-port.ts'

/** The block as text, `cidr - except, except`; undefined if the peer matches nothing. */
function readBlock(ipBlock: unknown): { block: string | undefined; problems: number } {
  const place = rootPlace({ ipBlock }, 'nothing')
  const peer = readPeer(place)
  const block = peer?.kind === 'block' ? [formatRange(peer.cidr), ...peer.except.map(formatRange)].join(' - ') : undefined
  return { block, problems: place.findings.length }
}

describe('ipBlock', () => {
  test.each<[string, unknown, string | undefined, number]>([
    ['as it should be', { cidr: '10.0.0.0/8', except: ['10.1.0.0/16'] }, '10.0.0.0/8 - 10.1.0.0/16', 0],
    ['host bits set', { cidr: '10.1.2.3/8' }, '10.0.0.0/8', 0],
    ['leading zeros are decimal', { cidr: '010.001.000.000/16' }, '10.1.0.0/16', 0],
    ['v4 mapped', { cidr: '::ffff:10.0.0.0/104', except: ['10.1.0.0/16'] }, '10.0.0.0/8 - 10.1.0.0/16', 0],
    ['all of IPv4', { cidr: '0.0.0.0/0' }, '0.0.0.0/0', 0],
    ['all of IPv6', { cidr: '::/0', except: ['FD00::/8'] }, '::/0 - fd00::/8', 0],
    ['except null', { cidr: '10.0.0.0/8', except: null }, '10.0.0.0/8', 0],
    ['except outside', { cidr: '10.0.0.0/8', except: ['11.0.0.0/16', '10.1.0.0/16'] }, '10.0.0.0/8 - 10.1.0.0/16', 1],
    ['except of the other family', { cidr: '10.0.0.0/8', except: ['fd00::/16'] }, undefined, 1],
    ['except unreadable', { cidr: '10.0.0.0/8', except: ['10.1.0.0'] }, undefined, 1],
    ['except null entry', { cidr: '10.0.0.0/8', except: [null] }, undefined, 1],
    ['except no list', { cidr: '10.0.0.0/8', except: '10.1.0.0/16' }, undefined, 1],
    ['except the same', { cidr: '10.0.0.0/8', except: ['10.9.9.9/8'] }, undefined, 1],
    ['except wider', { cidr: '10.0.0.0/8', except: ['0.0.0.0/0'] }, undefined, 1],
    ['no length', { cidr: '10.0.0.0' }, undefined, 1],
    ['too long', { cidr: '10.0.0.0/33' }, undefined, 1],
    ['negative length', { cidr: '10.0.0.0/-1' }, undefined, 1],
    ['blank inside', { cidr: '10.0.0.0 /8' }, undefined, 1],
    ['zone', { cidr: 'fe80::1%eth0/64' }, undefined, 1],
    ['short form', { cidr: '10/8' }, undefined, 1],
    ['number', { cidr: 10 }, undefined, 1],
    ['list', { cidr: ['10.0.0.0/8'] }, undefined, 1],
    ['missing', {}, undefined, 1],
    ['misspelt field', { cidr: '10.0.0.0/8', excepts: ['10.1.0.0/16'] }, undefined, 1],
  ])('%s', (_, ipBlock, block, problems) => {
    expect(readBlock(ipBlock)).toEqual({ block, problems })
  })
})

/** `TCP 80-90` or `TCP name`; undefined if the port matches nothing. */
function readPortText(given: unknown): string | undefined {
  const place = rootPlace(given, 'nothing')
  const port = readPort(place)
  expect(place.findings).toHaveLength(port === null ? 1 : 0)
  if (port === null) return undefined
  return `${port.protocol} ${port.kind === 'name' ? port.name : `${port.first}-${port.last}`}`
}

describe('ports', () => {
  test.each<[string, unknown, string | undefined]>([
    ['number', { port: 80 }, 'TCP 80-80'],
    ['last number', { port: 65_535, protocol: 'SCTP' }, 'SCTP 65535-65535'],
    ['protocol only', { protocol: 'UDP' }, 'UDP 0-65535'],
    ['nothing', {}, 'TCP 0-65535'],
    ['nulls', { protocol: null, port: null, endPort: null }, 'TCP 0-65535'],
    ['name', { port: 'serve-80-tcp' }, 'TCP serve-80-tcp'],
    ['range', { port: 80, endPort: 90, protocol: 'UDP' }, 'UDP 80-90'],
    ['range of one', { port: 80, endPort: 80 }, 'TCP 80-80'],
    ['range downwards', { port: 80, endPort: 79 }, undefined],
    ['range without start', { endPort: 90 }, undefined],
    ['range from a name', { port: 'http', endPort: 90 }, undefined],
    ['range too far', { port: 80, endPort: 65_536 }, undefined],
    ['endPort in quotes', { port: 80, endPort: '90' }, undefined],
    ['zero', { port: 0 }, undefined],
    ['too large', { port: 65_536 }, undefined],
    ['negative', { port: -1 }, undefined],
    ['fraction', { port: 80.5 }, undefined],
    ['number in quotes', { port: '80' }, undefined],
    ['name too long', { port: 'a-name-of-16-chr' }, undefined],
    ['name with capitals', { port: 'HTTP' }, undefined],
    ['name with two dashes', { port: 'a--b' }, undefined],
    ['name ending in a dash', { port: 'web-' }, undefined],
    ['empty name', { port: '' }, undefined],
    ['lower-case protocol', { protocol: 'tcp' }, undefined],
    ['protocol that policies do not know', { protocol: 'ICMP' }, undefined],
    ['misspelt field', { port: 80, endport: 90 }, undefined],
    ['no object', 80, undefined],
    ['null', null, undefined],
  ])('%s', (_, given, expected) => {
    expect(readPortText(given)).toBe(expected)
  })
})
