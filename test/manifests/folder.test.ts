// The folder source on real folders: everything at first, then each edit as editors, scripts and ConfigMaps make them.
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import type { Problem } from '../../src/cluster/change.ts'
import type { Change, SourceSink } from '../../src/source.ts'
import { FolderSource, type FolderTiming } from '../../src/manifests/folder.ts'
import { PATIENCE_MS, until } from '../../lab/patience.ts'

/** Keeps what was delivered, and lets a test wait for what it expects. */
class Recorder implements SourceSink {
  readonly batches: (readonly Change[])[] = []
  readonly current = new Map<string, readonly Problem[]>()
  changes(batch: readonly Change[]): void {
    this.batches.push(batch)
  }
  problems(object: string, problems: readonly Problem[]): void {
    if (problems.length === 0) this.current.delete(object)
    else this.current.set(object, problems)
  }
  /** What is there now, as `namespace x a=b`, sorted. */
  state(): string[] {
    const now = new Map(this.batches.flat().map((change) => [`${change.kind} ${change.key}`, change]))
    const there = [...now.values()].filter((change) => change.now !== undefined)
    return there.map((change) => `${change.kind} ${change.key}${teamOf(change)}`).sort()
  }
}

function teamOf({ kind, now }: Change): string {
  const team = kind === 'namespace' ? now?.labels['team'] : undefined
  return team === undefined ? '' : ` ${team}`
}

let folder = ''
/** A second folder of the test's own, outside of the first. */
let away = ''
let recorder = new Recorder()
let source: FolderSource | undefined

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vethguard-folder-'))
  away = mkdtempSync(join(tmpdir(), 'vethguard-folder-'))
  recorder = new Recorder()
})

afterEach(async () => {
  await source?.close()
  rmSync(folder, { recursive: true, force: true })
  rmSync(away, { recursive: true, force: true })
})

/** For edits that are whole at once, or become so in the end: nothing is believed because some time has passed. */
const NEVER = { confirmMs: PATIENCE_MS } as const

async function start(timing: Partial<FolderTiming> = {}): Promise<void> {
  source = new FolderSource(folder, timing)
  await source.start(recorder)
}

function namespaceText(name: string, team: string): string {
  return `apiVersion: v1\nkind: Namespace\nmetadata: {name: ${name}, labels: {team: ${team}}}\n`
}

/** Keys of what was told to be gone. */
function goneOf({ batches }: Recorder): string[] {
  return batches.flat().flatMap(({ key, now }) => (now === undefined ? [key] : []))
}

function write(file: string, content: string): void {
  writeFileSync(join(folder, file), content)
}

/** Replaces a file in one step, as careful programs do. */
function replace(file: string, content: string): void {
  write('.new', content)
  renameSync(join(folder, '.new'), join(folder, file))
}

async function untilState(...expected: string[]): Promise<void> {
  await until(() => JSON.stringify(recorder.state()) === JSON.stringify(expected), () => `${String(expected)}; there is ${String(recorder.state())}`)
}

describe('start', () => {
  test('the first batch is everything, in folders too; other files and hidden ones are left alone', async () => {
    mkdirSync(join(folder, 'inner/.git'), { recursive: true })
    write('a.yaml', `${namespaceText('x', 'red')}---\n${namespaceText('y', 'blue')}`)
    write('inner/b.json', '{"kind": "Namespace", "metadata": {"name": "z"}}')
    write('inner/c.yml', 'kind: Deployment\n')
    write('inner/.git/d.yaml', namespaceText('hidden', 'x'))
    write('.e.yaml', namespaceText('hidden', 'x'))
    write('notes.txt', 'kind: Namespace')
    symlinkSync('loop.yaml', join(folder, 'loop.yaml'))
    symlinkSync('nowhere', join(folder, 'dangling.yaml'))
    await start()
    expect(recorder.batches).toHaveLength(1)
    expect(recorder.state()).toEqual(['namespace x red', 'namespace y blue', 'namespace z'])
    expect([...recorder.current]).toEqual([])
  })

  test('an empty folder is synced too', async () => {
    await start()
    expect(recorder.batches).toEqual([[]])
  })

  test('a folder that is not there is an error that says what to do', async () => {
    source = new FolderSource(join(folder, 'missing'))
    const error: unknown = await source.start(recorder).catch((reason: unknown) => reason)
    expect(error).toMatchObject({ code: 'SOURCE_UNREADABLE', cause: { code: 'ENOENT' } })
    expect(String(error)).toMatch(/cannot read the manifests in .*missing: ENOENT.*; give a folder that exists/)
  })

  test('of a broken file what can be read counts', async () => {
    write('a.yaml', `${namespaceText('x', 'red')}---\nmetadata: [\n`)
    await start()
    expect(recorder.state()).toEqual(['namespace x red'])
    expect(recorder.current.get('a.yaml')?.[0]?.message).toMatch(/^document 2: .* at line 6, column 1: this part is ignored$/)
  })

  test('problems name file and document', async () => {
    const policy = 'apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: p}\nspec: {podSelector: {}, ingres: []}\n'
    write('p.yaml', `${namespaceText('x', 'red')}---\n${policy}`)
    await start()
    expect([...recorder.current.values()].flat()).toEqual([{
      object: 'NetworkPolicy default/p (p.yaml#2)',
      field: 'spec.ingres',
      message: 'unknown field: the selected pods are isolated in both directions',
      policy: 'default/p',
    }])
  })
})

describe('edits', () => {
  beforeEach(() => write('a.yaml', `${namespaceText('x', 'red')}---\n${namespaceText('y', 'red')}`))

  describe('that are whole', () => {
    beforeEach(() => start({ ...NEVER, settleMs: PATIENCE_MS }))

    test('an atomic rename is delivered without a wait, and only what changed', async () => {
      for (const team of ['t1', 't2', 't3', 't4', 't5']) {
        replace('a.yaml', `${namespaceText('x', 'red')}---\n${namespaceText('y', team)}`)
        await untilState('namespace x red', `namespace y ${team}`)
      }
      expect(recorder.batches.slice(1).map((batch) => batch.map(({ key }) => key))).toEqual([['y'], ['y'], ['y'], ['y'], ['y']])
    })

    test('an empty file renamed into place gets a moment', async () => {
      replace('a.yaml', '')
      await sleep(10)
      replace('a.yaml', namespaceText('x', 'blue'))
      await untilState('namespace x blue')
      expect(goneOf(recorder)).toEqual(['y'])
    })
  })

  describe('under way', () => {
    beforeEach(() => start({ ...NEVER, settleMs: 1 }))

    test('writing in place is taken when it is whole: never as an empty file', async () => {
      write('a.yaml', '')
      await sleep(10)
      write('a.yaml', namespaceText('x', 'blue'))
      await untilState('namespace x blue')
      expect(goneOf(recorder)).toEqual(['y'])
    })

    test('a file that is away for a moment was never gone', async () => {
      renameSync(join(folder, 'a.yaml'), join(folder, 'a.yaml~'))
      await sleep(10)
      write('a.yaml', `${namespaceText('x', 'blue')}---\n${namespaceText('y', 'red')}`)
      await untilState('namespace x blue', 'namespace y red')
      expect(goneOf(recorder)).toEqual([])
    })
  })
})

describe('edits that are believed after a moment', () => {
  beforeEach(async () => {
    write('a.yaml', `${namespaceText('x', 'red')}---\n${namespaceText('y', 'red')}`)
    await start()
  })

  test('a half-written file keeps its last good content, says so, and recovers', async () => {
    write('a.yaml', `${namespaceText('x', 'blue')}---\nmetadata: {name: "y`)
    await until(() => recorder.current.has('a.yaml'))
    expect(recorder.current.get('a.yaml')?.[0]?.message).toMatch(/line 5, column .*last good content stays in force$/)
    expect(recorder.state()).toEqual(['namespace x red', 'namespace y red'])
    replace('a.yaml', namespaceText('x', 'blue'))
    await untilState('namespace x blue')
    expect([...recorder.current]).toEqual([])
  })

  test('new, removed and emptied files', async () => {
    write('b.yaml', namespaceText('z', 'red'))
    await untilState('namespace x red', 'namespace y red', 'namespace z red')
    rmSync(join(folder, 'a.yaml'))
    await untilState('namespace z red')
    write('b.yaml', '')
    await untilState()
  })

  test('of one object in two files the first by name counts, and the other takes over', async () => {
    replace('b.yaml', namespaceText('x', 'blue'))
    await until(() => recorder.current.size > 0)
    expect([...recorder.current.values()].flat()).toEqual([{
      object: 'Namespace x (b.yaml#1)',
      field: '',
      message: 'is already in a.yaml#1, which comes first: this one is ignored',
    }])
    expect(recorder.state()).toEqual(['namespace x red', 'namespace y red'])
    rmSync(join(folder, 'a.yaml'))
    await untilState('namespace x blue')
    expect([...recorder.current]).toEqual([])
    replace('a.yaml', namespaceText('x', 'green'))
    await untilState('namespace x green')
  })

  test('folders that come, are filled later, and go', async () => {
    mkdirSync(join(folder, 'in/ner'), { recursive: true })
    await sleep(30)
    write('in/ner/z.yaml', namespaceText('z', 'red'))
    await untilState('namespace x red', 'namespace y red', 'namespace z red')
    for (let times = 0; times < 2; times++) {
      renameSync(join(folder, 'in'), join(folder, '.away'))
      await untilState('namespace x red', 'namespace y red')
      renameSync(join(folder, '.away'), join(folder, 'in'))
      await untilState('namespace x red', 'namespace y red', 'namespace z red')
    }
  })

  test('the whole folder replaced; while it is away its content stays in force', async () => {
    renameSync(folder, join(away, 'old'))
    await until(() => recorder.current.has(folder))
    expect(recorder.state()).toEqual(['namespace x red', 'namespace y red'])
    mkdirSync(folder)
    write('other.yaml', namespaceText('new', 'red'))
    await untilState('namespace new red')
    expect([...recorder.current]).toEqual([])
    replace('other.yaml', namespaceText('new', 'blue'))
    await untilState('namespace new blue')
  })
})

test('ClusterNetworkPolicies and Nodes come, change, are reported and go', async () => {
  const text = (spec: string) => `apiVersion: policy.networking.k8s.io/v1beta1\nkind: ClusterNetworkPolicy\nmetadata: {name: p}\nspec: ${spec}\n`
  const sound = text('{tier: Admin, priority: 1, subject: {namespaces: {}}}')
  write('p.yaml', sound)
  write('n.yaml', 'apiVersion: v1\nkind: Node\nmetadata: {name: n1}\nstatus: {addresses: [{type: InternalIP, address: 10.0.0.1}]}\n')
  await start()
  expect([recorder.state(), [...recorder.current]]).toEqual([['cluster-policy /p', 'node n1'], []])
  replace('p.yaml', text('{tier: Admin, priority: 1001, subject: {namespaces: {}}}'))
  await until(() => recorder.current.size > 0)
  expect([...recorder.current]).toEqual([['ClusterNetworkPolicy p (p.yaml#1)', [expect.objectContaining({ policy: '/p', field: 'spec.priority' })]]])
  replace('p.yaml', sound)
  await until(() => recorder.current.size === 0)
  rmSync(join(folder, 'p.yaml'))
  rmSync(join(folder, 'n.yaml'))
  await untilState()
  expect([...recorder.current]).toEqual([])
})

test('a mounted ConfigMap: the link is swapped', async () => {
  const version = (name: string, team: string) => {
    mkdirSync(join(folder, name))
    write(`${name}/a.yaml`, namespaceText('x', team))
    symlinkSync(name, join(folder, '..data_tmp'))
    renameSync(join(folder, '..data_tmp'), join(folder, '..data'))
  }
  version('..2025_1', 'red')
  symlinkSync('..data/a.yaml', join(folder, 'a.yaml'))
  await start()
  expect(recorder.state()).toEqual(['namespace x red'])
  version('..2025_2', 'blue')
  rmSync(join(folder, '..2025_1'), { recursive: true })
  await untilState('namespace x blue')
  expect(goneOf(recorder)).toEqual([])
})

test('after close nothing is delivered', async () => {
  await start()
  const [first, closed] = [recorder, source]
  recorder = new Recorder()
  await start()
  await closed?.close()
  write('a.yaml', namespaceText('x', 'red'))
  await untilState('namespace x red') // of the other one
  expect(first.state()).toEqual([])
})
