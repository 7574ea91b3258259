import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, readlinkSync, writeFileSync } from 'node:fs'
import process from 'node:process'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import {
  createNamespaces, deleteNamespaces, exec, inNamespace, listNamespaces, namespacePrefix, sweepNamespaces,
} from '../../lab/namespace.ts'

const here = (): string => readlinkSync('/proc/thread-self/ns/net')
const module = new URL('../../lab/namespace.ts', import.meta.url).pathname
let names: [string, string]

beforeEach(() => {
  const prefix = namespacePrefix()
  names = [`${prefix}-a`, `${prefix}-b`]
  createNamespaces(names)
})
afterEach(() => deleteNamespaces(names))

describe('inNamespace', () => {
  test('moves the thread and comes back, nested too', () => {
    const home = here()
    const [inA, inB, againA] = inNamespace(names[0], () => [here(), inNamespace(names[1], here), here()])
    expect(new Set([home, inA, inB]).size).toBe(3)
    expect(againA).toBe(inA)
    expect(here()).toBe(home)
  })

  test('comes back after an error', () => {
    const home = here()
    expect(() => inNamespace(names[0], () => { throw new Error('from inside') })).toThrow('from inside')
    expect(() => inNamespace('vg-there-is-no-such', here)).toThrow('ENOENT')
    expect(here()).toBe(home)
  })

  test.each(['ipv4/ip_forward', 'bridge/bridge-nf-call-iptables'])('%s belongs to the namespace', (name) => {
    const file = `/proc/sys/net/${name}`
    const before = readFileSync(file, 'utf8')
    const other = before.startsWith('1') ? '0\n' : '1\n'
    inNamespace(names[0], () => writeFileSync(file, other))
    expect(inNamespace(names[0], () => readFileSync(file, 'utf8'))).toBe(other)
    expect(readFileSync(file, 'utf8')).toBe(before)
  })
})

test('exec runs in the namespace and reports what a program says when it fails', () => {
  expect(exec(names[0], ['readlink', '/proc/self/ns/net']).trim()).toBe(inNamespace(names[0], here))
  expect(exec(names[0], ['cat'], 'input')).toBe('input')
  expect(() => exec(names[0], ['ip', 'link', 'show', 'nothing'])).toThrow('"nothing" does not exist')
})

describe('clean-up', () => {
  /** A process that makes a namespace, says its name and goes on as told. */
  async function maker(then: string): Promise<{ name: string; end: Promise<unknown>; kill: (signal: NodeJS.Signals) => void }> {
    const source = `
      import { createNamespaces, deleteNamespaces, namespacePrefix, onProcessEnd } from ${JSON.stringify(module)}
      const name = namespacePrefix() + '-x'
      onProcessEnd(() => deleteNamespaces([name]))
      createNamespaces([name])
      console.log(name)
      ${then}`
    const child = spawn(process.execPath, ['--input-type=module-typescript', '--eval', source], { stdio: ['ignore', 'pipe', 'ignore'] })
    const end = once(child, 'exit')
    const [line] = await once(child.stdout, 'data') as [Buffer]
    return { name: line.toString().trim(), end, kill: (signal) => void child.kill(signal) }
  }
  const forever = 'setInterval(() => undefined, 1000)'

  test.each(['process.exit(3)', 'setTimeout(() => { throw new Error() }, 1)', ''])('of a process that ends with "%s"', async (then) => {
    const { name, end } = await maker(then)
    await end
    expect(listNamespaces()).not.toContain(name)
  })

  test.each(['SIGINT', 'SIGTERM'] as const)('of a process that gets %s', async (signal) => {
    const { name, end, kill } = await maker(forever)
    kill(signal)
    expect(await end).toEqual([null, signal])
    expect(listNamespaces()).not.toContain(name)
  })

  test('of a process that was killed: at the next start, and not before', async () => {
    const { name, end, kill } = await maker(forever)
    sweepNamespaces()
    expect(listNamespaces()).toContain(name)
    kill('SIGKILL')
    await end
    sweepNamespaces()
    expect(listNamespaces()).not.toContain(name)
    expect(listNamespaces()).toContain(names[0])
  })

  test('what is gone already does not disturb', () => {
    deleteNamespaces([names[0]])
    deleteNamespaces(names)
    expect(listNamespaces()).not.toContain(names[1])
  })
})
