// A folder that no agent should have to follow: what was good stays in force, what is wrong is said once, and nothing holds it up.
import { chmodSync, chownSync, mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { spawnSync } from 'node:child_process'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { readObject } from '../../src/manifests/objects.ts'
import { quietly, until } from '../../lab/patience.ts'
import { canonical } from '../compiler/canonical.ts'
import { emptyKernel, type Kernel } from '../netlink/nf-tables/kernel.ts'
import { type KubeObject, policyObject } from '../situations/fixture.ts'
import { AgentProcess } from './agent-process.ts'
import { wanted } from './agent-in-process.ts'

const POD: KubeObject = {
  kind: 'Pod', metadata: { namespace: 'x', name: 'a' }, spec: { nodeName: 'node0' }, status: { phase: 'Running', podIP: '10.0.0.1' },
}
const DENY = policyObject('deny', { podSelector: {} })
const OPEN = policyObject('open', { podSelector: {}, ingress: [{}] })
const NOBODY = 65534
const MB = 1 << 20

let parent: string
let folder: string
let kernel: Kernel
let agent: AgentProcess

beforeEach(async () => {
  parent = mkdtempSync(join(tmpdir(), 'vethguard-trouble-'))
  folder = join(parent, 'manifests')
  mkdirSync(folder)
  write('base.json', [POD, DENY])
  kernel = emptyKernel()
  agent = new AgentProcess({ namespace: kernel.name, source: folder, args: ['--spoof-guard', 'off', '--tunnels', 'off'] })
  await agent.heard('enforcing')
})
afterEach(async () => {
  await agent.kill()
  kernel.close()
  rmSync(parent, { recursive: true })
})

function write(file: string, objects: readonly KubeObject[]): void {
  writeFileSync(join(folder, file), JSON.stringify({ kind: 'List', items: objects }))
}

/** Waits until the kernel has what these objects ask for. */
async function untilInForce(...objects: readonly KubeObject[]): Promise<void> {
  const expected = wanted(objects.flatMap((object) => readObject(object).changes), 'node0')
  let found: string[] = []
  await until(async () => {
    found = canonical((await kernel.content())!)
    return isDeepStrictEqual(found, expected)
  }, () => `${expected.join('\n')}\nin the kernel, which has\n${found.join('\n')}`)
}

/** An edit is still followed. */
async function expectAlive(): Promise<void> {
  write('open.json', [OPEN])
  await untilInForce(POD, DENY, OPEN)
  expect(agent.isRunning).toBe(true)
}

function expectComplaints(...complaints: readonly (string | RegExp)[]): void {
  const other = /ip_forward/ // of the empty namespace
  const said = agent.complaints().filter((text) => !other.test(text))
  expect(said).toEqual(complaints.map((text) => expect.stringMatching(text)))
}

test('a folder that vanishes and comes back: its last content stays in force meanwhile', async () => {
  renameSync(folder, `${folder}.away`)
  expect(await agent.heard(/cannot be read any more/)).toMatchObject({ object: folder, level: 40 })
  await untilInForce(POD, DENY)
  mkdirSync(folder)
  write('base.json', [POD, OPEN])
  await untilInForce(POD, OPEN)
  await agent.heard(`${folder}: no problem any more`)
  write('base.json', [POD, DENY])
  await untilInForce(POD, DENY)
  expectComplaints(/cannot be read any more/)
})

test('a folder that is deleted with everything in it keeps nobody open or closed that was not', async () => {
  rmSync(folder, { recursive: true })
  await agent.heard(/cannot be read any more/)
  await quietly()
  await untilInForce(POD, DENY)
})

test('links that lead in a circle, nowhere, to a device or to a pipe', async () => {
  symlinkSync('loop.yaml', join(folder, 'loop.yaml'))
  symlinkSync('nowhere', join(folder, 'nowhere.yaml'))
  symlinkSync('/dev/zero', join(folder, 'zero.yaml'))
  symlinkSync('..', join(folder, 'up'))
  spawnSync('mkfifo', [join(folder, 'pipe.yaml')])
  await expectAlive()
})

test('a file that may not be read, until it may', async () => {
  const file = join(parent, 'secret.yaml')
  writeFileSync(file, JSON.stringify(OPEN))
  chownSync(file, NOBODY, NOBODY)
  chmodSync(file, 0o600)
  renameSync(file, join(folder, 'secret.yaml'))
  expect(await agent.heard(/secret.yaml: .*EACCES/)).toMatchObject({ object: 'secret.yaml', level: 40 })
  await untilInForce(POD, DENY)
  chmodSync(join(folder, 'secret.yaml'), 0o644)
  await untilInForce(POD, DENY, OPEN)
  await agent.heard('secret.yaml: no problem any more')
})

test('a folder with the name of a manifest', async () => {
  mkdirSync(join(folder, 'dir.yaml'))
  write('dir.yaml/open.json', [OPEN])
  await untilInForce(POD, DENY, OPEN)
  expectComplaints()
})

test('a file that is too large, and noise', async () => {
  writeFileSync(join(parent, 'huge.yaml'), Buffer.alloc(9 * MB, 'a: b\n'))
  renameSync(join(parent, 'huge.yaml'), join(folder, 'huge.yaml'))
  writeFileSync(join(folder, 'noise.yaml'), Buffer.from(Array.from({ length: MB }, (_, n) => (n * 7919) % 256)))
  await agent.heard(/^huge.yaml: \d+ bytes are more than/)
  await agent.heard(/^noise.yaml/)
  await expectAlive()
})

test('a file that never stops changing holds up nothing else', async () => {
  let n = 0
  const busy = setInterval(() => writeFileSync(join(folder, 'busy.yaml'), `a: [${n++}`), 1)
  await quietly() // it changes meanwhile
  await expectAlive()
  clearInterval(busy)
  await agent.heard(/^busy.yaml: document 1/)
})
