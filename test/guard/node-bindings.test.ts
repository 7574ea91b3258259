import { expect, test } from '@jest/globals'
import { NetlinkError } from '../../src/base/errors.ts'
import { Compiler } from '../../src/compiler/compiler.ts'
import { NodeBindings } from '../../src/guard/node-bindings.ts'
import { keepingLog } from '../agent/log-lines.ts'

test('links that cannot be read are an outage, until veths change again', () => {
  const { log, lines } = keepingLog()
  const failures: unknown[] = []
  let follower!: { readonly changed: () => void; readonly failed: (error: Error) => void }
  let changes = 0
  const node = new NodeBindings({
    compiler: new Compiler('node0'),
    nodeName: 'node0',
    spoofGuard: true,
    tunnels: [],
    log,
    veths: (changed, failed) => {
      follower = { changed, failed }
      return { start: () => undefined, veths: () => [], tunnels: () => [], refresh: () => undefined, close: () => Promise.resolve() }
    },
    onChange: () => changes++,
    onProblems: () => undefined,
    onFailure: (error) => failures.push(error),
  })
  const error = new NetlinkError('list links', 105)
  follower.failed(error)
  follower.changed()
  expect(failures).toEqual([error])
  expect(changes).toBe(1)
  expect(lines).toMatchObject([
    { level: 'error', msg: 'cannot read the node\'s links; retrying', err: { message: expect.stringContaining('ENOBUFS') } },
    { level: 'info', msg: 'the node\'s links can be read again' },
  ])
  expect(node.bind()).toBeUndefined()
})
