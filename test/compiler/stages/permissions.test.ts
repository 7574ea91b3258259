import { expect, test } from '@jest/globals'
import { permissionOf } from '../../../src/compiler/stages/permissions.ts'
import type { PolicyKey } from '../../../src/cluster/objects.ts'

const [ONE, OTHER] = ['x/one', 'x/other'] as [PolicyKey, PolicyKey]

test('a policy that allows everything may name ports, too: the meaning is the same, and so is the key', () => {
  const everything = { policy: ONE, ports: 'any' } as const
  const range = { policy: OTHER, ports: { protocol: 'TCP', first: 1, last: 65_535 } } as const
  const within = { policy: ONE, ports: { protocol: 'TCP', first: 80, last: 81 } } as const
  const single = { policy: ONE, ports: { protocol: 'TCP', first: 443, last: 443 } } as const
  expect(permissionOf('egress', [everything, range, within, single])).toEqual(permissionOf('egress', [everything, range]))
  expect(permissionOf('egress', [everything, range])?.ranges).toEqual([{ protocol: 'TCP', first: 1, last: 65_535, policies: [ONE, OTHER] }])
})
