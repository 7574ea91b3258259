// Which nodes have an address.
import { expect, test } from '@jest/globals'
import { Nodes } from '../../../src/compiler/peers/nodes.ts'
import { addressOf } from '../../arbitrary/pool.ts'

const [ONE, TWO, THREE] = ['192.0.2.1', '192.0.2.2', '192.0.2.3'].map(addressOf) as [ReturnType<typeof addressOf>, ReturnType<typeof addressOf>, ReturnType<typeof addressOf>]

test('labels of the nodes that have an address follow the nodes, and each change names the addresses that it concerns', () => {
  const nodes = new Nodes()
  const [east, west] = [{ zone: 'east' }, { zone: 'west' }]
  expect(nodes.at(ONE)).toEqual([])
  expect(nodes.set('a', { name: 'a', labels: east, addresses: [ONE, TWO] })).toEqual(new Set([ONE, TWO]))
  expect(nodes.set('b', { name: 'b', labels: west, addresses: [TWO] })).toEqual(new Set([TWO]))
  expect([nodes.at(ONE), nodes.at(TWO), nodes.at(THREE)]).toEqual([[east], [east, west], []])
  expect(nodes.set('a', { name: 'a', labels: west, addresses: [TWO, THREE] })).toEqual(new Set([ONE, TWO, THREE]))
  expect([nodes.at(ONE), nodes.at(TWO), nodes.at(THREE)]).toEqual([[], [west, west], [west]])
  expect(nodes.set('a', undefined)).toEqual(new Set([TWO, THREE]))
  expect(nodes.set('a', undefined)).toEqual(new Set())
  expect([nodes.at(TWO), nodes.at(THREE)]).toEqual([[west], []])
})
