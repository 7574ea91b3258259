// Projection of Nodes: labels, and every address of the status.
import { expect, test } from '@jest/globals'
import { formatAddress } from '../../src/cluster/address.ts'
import { readNode } from '../../src/cluster/read-node.ts'

function read(status: unknown, metadata: object = {}) {
  const { change, problems } = readNode({ kind: 'Node', metadata: { name: 'n1', ...metadata }, status })
  return { node: change?.now, addresses: change?.now?.addresses.map(formatAddress), problems }
}

test('a node has its labels, and its addresses of every type', () => {
  const addresses = [
    { type: 'InternalIP', address: '10.0.0.1' },
    { type: 'InternalIP', address: 'fd00::1' },
    { type: 'ExternalIP', address: '203.0.113.1' },
    { type: 'Hostname', address: '192.0.2.1' }, // some clouds put one there
    { type: 'Hostname', address: 'n1' },
    { type: 'InternalDNS', address: 'n1.example' },
    { type: 'ExternalIP', address: '10.0.0.1' },
  ]
  const { node, addresses: found, problems } = read({ addresses }, { labels: { zone: 'a' } })
  expect([node?.name, node?.labels, problems]).toEqual(['n1', { zone: 'a' }, []])
  expect(found).toEqual(['10.0.0.1', 'fd00::1', '203.0.113.1', '192.0.2.1'])
})

test.each([undefined, {}, { addresses: null }, { addresses: [] }])('a node that has just joined has no address: %j', (status) => {
  expect(read(status)).toEqual({ node: { name: 'n1', labels: {}, addresses: [] }, addresses: [], problems: [] })
})

test('an address that is not one is reported, and the others count', () => {
  const { addresses, problems } = read({ addresses: [{ type: 'InternalIP', address: '10.0.0.256' }, { type: 'ExternalIP' }, { type: 'InternalIP', address: '10.0.0.2' }] })
  expect(addresses).toEqual(['10.0.0.2'])
  expect(problems).toEqual([
    {
      object: 'Node n1',
      field: 'status.addresses[0].address',
      message: '"10.0.0.256" is not an IP address: peers that select the node do not match this address',
    },
    expect.objectContaining({ field: 'status.addresses[1].address' }),
  ])
})

test('labels that cannot be read are reported, and are none', () => {
  const { node, problems } = read({}, { labels: { zone: 1 } })
  expect(node).toEqual({ name: 'n1', labels: {}, addresses: [] })
  expect(problems.map(({ field }) => field)).toEqual(['metadata.labels.zone'])
})

test('addresses that are no list are reported', () => {
  expect(read({ addresses: {} }).problems.map(({ field }) => field)).toEqual(['status.addresses'])
})

test.each([7, null, {}, { metadata: { name: 'No Name' } }])('%j is not a node', (object) => {
  const { change, problems } = readNode(object)
  expect(change).toBeUndefined()
  expect(problems).toEqual([expect.objectContaining({ object: 'Node' })])
})
