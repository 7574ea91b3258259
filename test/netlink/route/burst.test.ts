// Many veths at once, and more events than the buffer holds: the end must be the same as that of a fresh look.
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import type { Veth } from '../../../src/cluster/veth.ts'
import { addressLines, follow, makeNode, vethLines, type Follower, type TestNode } from './node.ts'
import { ipBatch } from '../../../lab/namespace.ts'

const COUNT = 50
let node: TestNode
let followers: Follower[] = []

beforeEach(() => {
  node = makeNode(COUNT)
})

afterEach(async () => {
  for (const { table } of followers) await table.close()
  followers = []
  node.remove()
})

function followed(receiveBytes?: number): Follower {
  const follower = follow(node, receiveBytes)
  followers.push(follower)
  follower.table.start()
  return follower
}

function addAll(): void {
  node.ip(...node.pods.flatMap((_, pod) => vethLines(node, pod)))
  node.pods.forEach((pod, index) => ipBatch(pod, addressLines(`10.1.0.${index + 1}/32`)))
}

function allKnown(follower: Follower): boolean {
  const veths = Array.from(follower.table.veths())
  return veths.length === COUNT && veths.every(({ addresses }) => addresses.length === 1)
}

function sorted(follower: Follower): Veth[] {
  return Array.from(follower.table.veths()).sort((one, other) => one.ifindex - other.ifindex)
}

test(`${COUNT} veths made in a burst, half of them deleted again`, async () => {
  const follower = followed()
  addAll()
  await follower.until(() => allKnown(follower))
  node.ip(...node.pods.flatMap((_, pod) => (pod % 2 === 0 ? [`link del v${pod}`] : [])))
  await follower.until(() => Array.from(follower.table.veths()).length === COUNT / 2)
  expect(follower.table.lost).toBe(0)
  expect(sorted(follower)).toEqual(sorted(followed()))
})

test('events that did not fit are made up for by reading everything again', async () => {
  const follower = followed(4096)
  addAll()
  await follower.until(() => allKnown(follower))
  expect(follower.table.lost).toBeGreaterThan(0)
  const renamed = (pod: number): string[] => [`link set v${pod} down`, `link set v${pod} name w${pod}`, `link set w${pod} up`] // an order for all kernels
  node.ip(...node.pods.flatMap((_, pod) => (pod % 2 === 0 ? [`link del v${pod}`] : renamed(pod))))
  await follower.until(() => sorted(follower).length === COUNT / 2 && sorted(follower).every(({ ifname }) => ifname.startsWith('w')))
  expect(sorted(follower)).toEqual(sorted(followed()))
  expect(follower.errors).toEqual([])
})
