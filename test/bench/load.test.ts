import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import {
  tcpBulkGbitsPerSecond, tcpConnectsPerSecond, tcpRoundTripsPerSecond, udpNsPerPacket, type Path,
} from '../../bench/load/measure.ts'
import { Lab } from '../../lab/lab.ts'
import { exec } from '../../lab/namespace.ts'

describe('the load generators send what they say', () => {
  let lab: Lab
  let path: Path

  beforeAll(() => {
    lab = Lab.create({ podsPerNode: 2 })
    path = { from: lab.pods[0]!, to: lab.pods[1]!, port: 9000 }
  })
  afterAll(() => lab.close())
  beforeEach(() => {
    lab.flushConntrack(lab.nodes[0]!)
    exec(lab.nodes[0]!.namespace, ['nft', '-f', '-'], `flush ruleset
      table inet count {
        counter new {}
        counter established {}
        chain forward {
          type filter hook forward priority filter
          ip saddr 10.244.0.10 ct state new counter name new
          ip saddr 10.244.0.10 ct state established counter name established
        }
      }`)
  })

  function counted(name: string): number {
    const listing = exec(lab.nodes[0]!.namespace, ['nft', 'list', 'counter', 'inet', 'count', name])
    return Number(/packets (\d+)/.exec(listing)?.[1])
  }

  test('UDP packets of one flow that was answered', () => {
    expect(udpNsPerPacket(path, 'established', 6400)).toBeGreaterThan(0)
    expect([counted('new'), counted('established')]).toEqual([1, 6400])
  })

  test('UDP packets of one flow that was not', () => {
    expect(udpNsPerPacket(path, 'unanswered', 6400)).toBeGreaterThan(0)
    expect(counted('new')).toBe(6400)
    expect(exec(lab.nodes[0]!.namespace, ['conntrack', '-C']).trim()).toBe('1')
  })

  test('UDP packets of new flows', () => {
    expect(udpNsPerPacket(path, 'new', 6400)).toBeGreaterThan(0)
    expect(counted('new')).toBe(6400)
    expect(exec(lab.nodes[0]!.namespace, ['conntrack', '-C']).trim()).toBe('6400')
  })

  test('TCP connections', async () => {
    expect(await tcpConnectsPerSecond(path, 1000)).toBeGreaterThan(0)
    expect(counted('new')).toBeGreaterThanOrEqual(1000) // more, if a packet was sent again
  })

  test('TCP round trips', async () => {
    expect(await tcpRoundTripsPerSecond(path, 1000)).toBeGreaterThan(0)
    expect(counted('new')).toBeGreaterThanOrEqual(1)
    expect(counted('established')).toBeGreaterThanOrEqual(1000)
  })

  test('TCP bulk', async () => {
    expect(await tcpBulkGbitsPerSecond(path, 1)).toBeGreaterThan(0)
    expect(counted('established')).toBeGreaterThan(1)
  })
})
