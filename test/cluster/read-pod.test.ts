// Projection of Pods and Namespaces, and what makes them faulty.
import { describe, expect, test } from '@jest/globals'
import { formatAddress } from '../../src/cluster/address.ts'
import type { Pod } from '../../src/cluster/objects.ts'
import { readNamespace } from '../../src/cluster/read-namespace.ts'
import { readPod } from '../../src/cluster/read-pod.ts'

interface Parts {
  readonly metadata?: object
  readonly spec?: object
  readonly status?: object
}

function read({ metadata, spec, status }: Parts): { pod: Pod | undefined; fields: string[] } {
  const { change, problems } = readPod({ kind: 'Pod', metadata: { namespace: 'x', name: 'p', ...metadata }, spec, status })
  return { pod: change?.now, fields: problems.map(({ field }) => field) }
}

function addresses(status: object): string[] | undefined {
  return read({ status }).pod?.addresses.map(formatAddress)
}

describe('pods', () => {
  test('a whole pod', () => {
    const parts = {
      metadata: { uid: 'u', labels: { app: 'web', empty: '' }, deletionTimestamp: '2025-01-01T00:00:00Z' },
      spec: { nodeName: 'n', hostNetwork: false, containers: [{ ports: [{ name: 'web', containerPort: 80 }] }] },
      status: { phase: 'Running', podIP: '10.0.0.1', podIPs: [{ ip: '10.0.0.1' }, { ip: 'fd00::1' }] },
    }
    expect(read(parts)).toEqual({
      pod: {
        namespace: 'x',
        name: 'p',
        uid: 'u',
        labels: { app: 'web', empty: '' },
        nodeName: 'n',
        addresses: ['\x0a\x00\x00\x01', `\xfd${'\x00'.repeat(14)}\x01`],
        hostNetwork: false,
        phase: 'Running',
        terminating: true,
        ports: [{ name: 'web', protocol: 'TCP', port: 80 }],
        faulty: false,
      },
      fields: [],
    })
  })

  test('a pod that says next to nothing is pending, nowhere, and sound', () => {
    expect(read({}).pod).toMatchObject({ uid: '', labels: {}, nodeName: '', addresses: [], phase: 'Pending', faulty: false })
  })

  test.each(['Succeeded', 'Failed'])('%s is gone', (phase) => {
    const { change, problems } = readPod({ metadata: { namespace: 'x', name: 'p' }, status: { phase, podIP: 'nonsense' } })
    expect(change).toEqual({ kind: 'pod', key: 'x/p', now: undefined })
    expect(problems).toEqual([])
  })

  test.each([
    [{ podIP: '10.0.0.1' }, ['10.0.0.1']],
    [{ podIPs: [{ ip: 'fd00::1' }, { ip: '10.0.0.1' }], podIP: 'FD00:0::1' }, ['fd00::1', '10.0.0.1']],
    [{ podIPs: [{ ip: '::ffff:10.0.0.1' }], podIP: '10.0.0.1' }, ['10.0.0.1']],
    [{ podIP: '' }, []],
    [{ podIPs: null, podIP: null }, []],
  ])('addresses of %j', (status, expected) => {
    expect(addresses(status)).toEqual(expected)
  })

  test('named ports of containers and sidecars, not of other init containers; sorted, without duplicates', () => {
    const port = (name: string, containerPort: number, protocol?: string) => ({ name, containerPort, protocol })
    const spec = {
      containers: [
        { ports: [port('web', 8080), port('web', 80), { containerPort: 1 }] },
        { ports: [port('dns', 53, 'UDP'), port('web', 80)] },
        {},
      ],
      initContainers: [
        { restartPolicy: 'Always', ports: [port('side', 90)] },
        { ports: [port('init', 91)] },
      ],
    }
    expect(read({ spec }).pod?.ports.map(({ name, protocol, port: number }) => `${name} ${protocol} ${number}`)).toEqual([
      'dns UDP 53',
      'side TCP 90',
      'web TCP 80',
      'web TCP 8080',
    ])
  })

  test.each<[string, Parts, string[]]>([
    ['a label that is a number', { metadata: { labels: { v: 1 } } }, ['metadata.labels.v']],
    ['labels that are a list', { metadata: { labels: [] } }, ['metadata.labels']],
    ['an address that is none', { status: { podIP: '10.0.0.256' } }, ['status.podIP']],
    ['an address with a length', { status: { podIPs: [{ ip: '10.0.0.1/24' }] } }, ['status.podIPs[0].ip']],
    ['an entry without address', { status: { podIPs: [{}] } }, ['status.podIPs[0].ip']],
    ['podIPs that are no list', { status: { podIPs: '10.0.0.1' } }, ['status.podIPs']],
    ['hostNetwork in quotes', { spec: { hostNetwork: 'true' } }, ['spec.hostNetwork']],
    ['a node that is a number', { spec: { nodeName: 7 } }, ['spec.nodeName']],
    ['a phase that is a number', { status: { phase: 1 } }, ['status.phase']],
    ['a name that cannot be', { metadata: { name: 'P_1' } }, ['metadata.name']],
    ['a namespace that cannot be', { metadata: { namespace: 'X' } }, ['metadata.namespace']],
  ])('%s makes the pod faulty', (_, parts, where) => {
    const { pod, fields } = read(parts)
    expect(fields).toEqual(where)
    expect(pod?.faulty).toBe(true)
  })

  test('a good address stays beside a bad one, so that it is denied', () => {
    const { pod } = read({ status: { podIPs: [{ ip: '10.0.0.1' }, { ip: 'bad' }] } })
    expect(pod?.addresses.map(formatAddress)).toEqual(['10.0.0.1'])
    expect(pod?.faulty).toBe(true)
  })

  test.each([
    ['number too large', { name: 'web', containerPort: 65_536 }, 'containerPort'],
    ['number in quotes', { name: 'web', containerPort: '80' }, 'containerPort'],
    ['name that is none', { name: 'Web', containerPort: 80 }, 'name'],
    ['protocol that is none', { name: 'web', containerPort: 80, protocol: 'tcp' }, 'protocol'],
  ])('a container port with a %s is left out, and the pod is sound', (_, port, name) => {
    const { pod, fields } = read({ spec: { containers: [{ ports: [port] }] } })
    expect(fields).toEqual([`spec.containers[0].ports[0].${name}`])
    expect(pod).toMatchObject({ ports: [], faulty: false })
  })

  test('a phase of the future is a live one', () => {
    expect(read({ status: { phase: 'Resizing' } }).pod).toMatchObject({ phase: 'Unknown', faulty: false })
  })
})

describe('namespaces', () => {
  const now = (object: unknown) => readNamespace(object).change?.now

  test('labels, with the one that every namespace has', () => {
    expect(now({ metadata: { name: 'x', labels: { team: 'red', 'kubernetes.io/metadata.name': 'y' } } })).toEqual({
      name: 'x',
      labels: { team: 'red', 'kubernetes.io/metadata.name': 'x' },
    })
    expect(now({ metadata: { name: 'x' } })?.labels).toEqual({ 'kubernetes.io/metadata.name': 'x' })
  })

  test('unreadable labels make it unknown', () => {
    const { change, problems } = readNamespace({ metadata: { name: 'x', labels: { team: 7 } } })
    expect(change).toEqual({ kind: 'namespace', key: 'x', now: undefined })
    expect(problems[0]).toMatchObject({ object: 'Namespace x', field: 'metadata.labels.team' })
  })

  test.each([{}, { metadata: { name: 'X' } }, { metadata: { name: 'a'.repeat(64) } }, 7])('%j is none', (object) => {
    const { change, problems } = readNamespace(object)
    expect(change).toBeUndefined()
    expect(problems).toHaveLength(1)
  })
})
