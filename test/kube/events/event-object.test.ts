import { expect, test } from '@jest/globals'
import { isDnsSubdomain } from '../../../src/cluster/identity.ts'
import { eventOf } from '../../../src/kube/events/event-object.ts'

const AT = new Date('2026-01-02T03:04:05.678Z')

test('its time has microseconds', () => {
  expect(eventOf({ kind: 'Pod', key: 'a/b', reason: 'R', message: 'm' }, 'n', AT)['eventTime']).toBe('2026-01-02T03:04:05.678000Z')
})

test('the name follows from what is said, whoever says it and when', () => {
  const notice = { kind: 'NetworkPolicy', key: 'a/b', reason: 'R', message: 'm' } as const
  const { metadata } = eventOf(notice, 'n1', AT)
  expect(metadata.name).toMatch(/^b\.[0-9a-f]{16}$/)
  expect(eventOf(notice, 'n2', new Date(0)).metadata).toEqual(metadata)
  for (const other of [{ ...notice, message: 'n' }, { ...notice, reason: 'S' }, { ...notice, kind: 'Pod' as const }]) {
    expect(eventOf(other, 'n1', AT).metadata.name).not.toBe(metadata.name)
  }
})

test('an Event about a cluster-scoped object is in namespace default, and names no namespace of the object', () => {
  const { metadata, regarding } = eventOf({ kind: 'ClusterNetworkPolicy', key: '/p', reason: 'R', message: 'm' }, 'n', AT)
  expect([metadata.namespace, metadata.name]).toEqual(['default', expect.stringMatching(/^p\./)])
  expect(regarding).toEqual({ apiVersion: 'policy.networking.k8s.io/v1beta1', kind: 'ClusterNetworkPolicy', name: 'p' })
})

test.each(['x'.repeat(253), `${'x'.repeat(229)}.${'y'.repeat(23)}`, `${'x'.repeat(228)}--${'y'.repeat(23)}`])('long names have room for the rest: %s', (name) => {
  const { metadata } = eventOf({ kind: 'NetworkPolicy', key: `a/${name}`, reason: 'R', message: 'm' }, 'n', AT)
  expect(isDnsSubdomain(metadata.name)).toBe(true)
})

test('a long note is cut, a long node name too, and what is not ASCII is replaced', () => {
  const event = eventOf({ kind: 'Pod', key: 'a/b', reason: 'R', message: `ä\n${'m'.repeat(2000)}` }, 'n'.repeat(253), AT)
  expect(event['note']).toMatch(/^\?\?m+\.\.\.$/)
  expect(event['note']).toHaveLength(1024)
  expect(event['reportingInstance']).toHaveLength(128)
})
