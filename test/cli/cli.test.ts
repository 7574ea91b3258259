// The command line as a user meets it: help, exit codes, settings that are wrong, and rights that are missing.
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { OPTIONS } from '../../src/config/options.ts'
import { ipBatch } from '../../lab/namespace.ts'
import { emptyKernel, type Kernel } from '../netlink/nf-tables/kernel.ts'
import { VETHGUARD, vethguard } from './run.ts'

const NO_NET_ADMIN = ['setpriv', '--bounding-set', '-net_admin']
const VERSION = (JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string }).version

let folder: string
let kernel: Kernel

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'vethguard-cli-'))
  kernel = emptyKernel()
})
afterAll(() => {
  kernel.close()
  rmSync(folder, { recursive: true })
})

describe('help', () => {
  test('names the commands, the exit codes and the version', async () => {
    const { code, stdout, stderr } = await vethguard(['--help'])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    for (const text of ['agent', 'render', 'cleanup', 'Exit codes: 0 done, 1 failed, 2 called wrongly']) expect(stdout).toContain(text)
    expect(await vethguard(['--version'])).toEqual({ code: 0, stdout: `${VERSION}\n`, stderr: '' })
    expect(await vethguard(['-V'])).toMatchObject({ code: 0 })
  })

  test.each([
    ['agent', ['--node-name', 'NODE_NAME', '--source', 'VETHGUARD_SOURCE', '--kubeconfig', 'KUBECONFIG', '--backend', 'VETHGUARD_BACKEND', '--spoof-guard', '--log-level',
      '--listen', 'VETHGUARD_LISTEN', '--metrics-policy-labels', 'VETHGUARD_METRICS_POLICY_LABELS', '--dry-run', 'VETHGUARD_DRY_RUN', '--events',
      'VETHGUARD_EVENTS', '--cluster-network-policies', 'VETHGUARD_CLUSTER_NETWORK_POLICIES', '--service-cidrs', 'VETHGUARD_SERVICE_CIDRS', '--compare-seconds', 'VETHGUARD_COMPARE_SECONDS']],
    ['render', ['--node-name', '--source', '--output', 'VETHGUARD_OUTPUT']],
    ['cleanup', ['--backend']],
  ])('of %s names every flag and environment variable', async (command, texts) => {
    const { code, stdout } = await vethguard([command, '--help'])
    expect(code).toBe(0)
    for (const text of texts) expect(stdout).toContain(text)
    expect(await vethguard(['help', command])).toMatchObject({ code: 0, stdout })
  })

  test('without a command it helps, and that is not what was wanted', async () => {
    const { code, stderr } = await vethguard([])
    expect(code).toBe(2)
    expect(stderr).toContain('Usage: vethguard')
  })
})

describe('called wrongly', () => {
  test.each([
    [['agnet'], /unknown command 'agnet'.*\n.*agent/],
    [['agent', '--node'], /unknown option '--node'/],
    [['agent', '--source'], /'--source <dir>' argument missing/],
    [['render', 'folder', '--source', 'x'], /too many arguments/],
  ])('%j', async (args, message) => {
    const { code, stdout, stderr } = await vethguard(args)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toMatch(message)
  })

  test('every setting that is missing or wrong is named at once, by flag and environment variable', async () => {
    const args = ['agent', '--node-name', 'Node_1', '--backend', 'iptables', '--spoof-guard', 'maybe', '--log-level', 'loud']
    expect(await vethguard(args)).toEqual({
      code: 2,
      stdout: '',
      stderr: [
        'vethguard: --node-name <name> (NODE_NAME) must be the name of a node (lower-case DNS name, at most 253 characters), not "Node_1"',
        '--backend <kind> (VETHGUARD_BACKEND) must be netlink or nft, not "iptables"',
        '--spoof-guard <on|off> (VETHGUARD_SPOOF_GUARD) must be on or off, not "maybe"',
        '--log-level <level> (VETHGUARD_LOG_LEVEL) must be trace, debug, info, warn, error or silent, not "loud"\n',
      ].join('; '),
    })
  })

  test.each([
    [['--listen', 'nowhere'], '--listen <address> (VETHGUARD_LISTEN) must be an IP address and a port (127.0.0.1:9611, [::1]:9611), :PORT for all addresses, or off, not "nowhere"'],
    [['--metrics-policy-labels', 'some'], '--metrics-policy-labels <on|off|number> (VETHGUARD_METRICS_POLICY_LABELS) must be on, off or a number of policies, not "some"'],
    [['--dry-run', 'perhaps'], '--dry-run [on|off] (VETHGUARD_DRY_RUN) must be on or off, not "perhaps"'],
    [['--service-cidrs', '10.96.0.0'], '--service-cidrs <cidr,...> (VETHGUARD_SERVICE_CIDRS) must be CIDRs with commas between them, such as 10.96.0.0/12,fd00:10:96::/112, not "10.96.0.0"'],
    [['--compare-seconds', '3m'], '--compare-seconds <n> (VETHGUARD_COMPARE_SECONDS) must be a number of seconds from 1 to 99999, not "3m"'],
    [['--events', 'on', '--source', '/tmp'], '--events on needs an API server, which --source stands in for; leave out one of the two'],
  ])('agent %j', async (args, message) => {
    expect(await vethguard(['agent', '--node-name', 'node0', ...args])).toEqual({ code: 2, stdout: '', stderr: `vethguard: ${message}\n` })
  })

  test('an address that the node does not have, before anything is changed', async () => {
    ipBatch(kernel.name, ['link set lo up']) // without any address the kernel takes every one for its own
    const args = ['agent', '--node-name', 'node0', '--source', folder, '--listen', '203.0.113.7:9611']
    const { code, stderr } = await vethguard(args, { namespace: kernel.name })
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringMatching(/^vethguard: cannot answer probes and scrapes at 203\.0\.113\.7:9611: this node does not have/) })
    expect(kernel.list()).toBe('')
  })

  test('environment variables stand for flags, are checked like them, and give way to them', async () => {
    const env = { NODE_NAME: 'node0', VETHGUARD_SOURCE: folder }
    expect(await vethguard(['render'], { env })).toMatchObject({ code: 0, stderr: '' })
    const wrong = { NODE_NAME: 'No', VETHGUARD_SOURCE: folder }
    expect(await vethguard(['render'], { env: wrong })).toMatchObject({ code: 2, stderr: expect.stringContaining('not "No"') })
    expect(await vethguard(['render', '--node-name', 'node0'], { env: wrong })).toMatchObject({ code: 0 })
  })

  test('an empty environment variable is as good as none; an empty flag is not', async () => {
    const empty = Object.fromEntries(Object.values(OPTIONS).map(({ env }) => [env, '']))
    const env = { ...empty, NODE_NAME: 'node0', VETHGUARD_SOURCE: folder, VETHGUARD_LISTEN: 'off' }
    expect(await vethguard(['render'], { env })).toMatchObject({ code: 0, stderr: '' })
    const agent = vethguard(['agent'], { env: { ...env, VETHGUARD_SOURCE: '/nowhere' }, namespace: kernel.name })
    expect(await agent).toMatchObject({ code: 1, stderr: expect.stringMatching(/^vethguard: cannot read the manifests/) })
    const unset = { env: { ...env, NODE_NAME: '' } }
    expect(await vethguard(['render'], unset)).toMatchObject({ code: 2, stderr: 'vethguard: --node-name <name> (NODE_NAME) is needed\n' })
    const flag = await vethguard(['agent', '--kubeconfig', ''], { env })
    expect(flag).toMatchObject({ code: 2, stderr: 'vethguard: --kubeconfig <file> (KUBECONFIG) must be a file, not ""\n' })
  })
})

describe('cannot be done', () => {
  test.each(['agent', 'render'])('%s of a folder that is not there', async (command) => {
    const run = await vethguard([command, '--node-name', 'node0', '--source', '/nowhere'], { namespace: kernel.name })
    expect(run).toMatchObject({ code: 1, stderr: expect.stringMatching(/^vethguard: cannot read the manifests in \/nowhere: ENOENT[^\n]*; give a folder[^\n]*\n$/) })
    expect(run.stderr.match(/ENOENT/g)).toHaveLength(1)
  })

  test.each([
    ['agent', '--node-name', 'node0', '--backend', 'netlink'],
    ['agent', '--node-name', 'node0', '--backend', 'nft'],
    ['cleanup', '--backend', 'netlink'],
    ['cleanup', '--backend', 'nft'],
  ])('%s %s %s %s %s without CAP_NET_ADMIN', async (...args) => {
    const run = await vethguard(args, { namespace: kernel.name, by: NO_NET_ADMIN, env: { VETHGUARD_SOURCE: folder } })
    expect(run).toMatchObject({ code: 1, stderr: expect.stringMatching(/^vethguard: [^\n]*user 0 with CAP_NET_ADMIN[^\n]*\n$/) })
  })

  test('render needs no rights', async () => {
    const run = await vethguard(['render', '--node-name', 'node0', '--source', folder], { by: ['setpriv', '--bounding-set', '-all'] })
    expect(run).toMatchObject({ code: 0, stderr: '' })
  })

  test('an nft that is not there', async () => {
    const bin = mkdtempSync(join(folder, 'bin-'))
    for (const program of ['sh', 'dirname', 'readlink']) symlinkSync(`/usr/bin/${program}`, join(bin, program))
    const run = await vethguard(['cleanup', '--backend', 'nft'], { namespace: kernel.name, env: { PATH: bin } })
    expect(run).toMatchObject({ code: 1, stderr: expect.stringMatching(/^vethguard: .*nft.*ENOENT/) })
  })
})

describe('what ends an agent is a line of its log, too', () => {
  const lines = (stdout: string) => stdout.trim().split('\n').map((line) => JSON.parse(line) as { level: number; msg: string; err?: { code?: string } })

  test('what it cannot start without', async () => {
    const options = { namespace: kernel.name, by: NO_NET_ADMIN, env: { VETHGUARD_SOURCE: folder } }
    const { stdout, stderr } = await vethguard(['agent', '--node-name', 'node0'], options)
    expect(lines(stdout)).toMatchObject([{ level: 60, node: 'node0', msg: expect.stringContaining('CAP_NET_ADMIN'), err: { code: 'NODE_UNFIT' } }])
    expect(stderr).toBe(`vethguard: ${lines(stdout)[0]!.msg}\n`)
  })

  test('what it meets later', async () => {
    const { stdout } = await vethguard(['agent', '--node-name', 'node0', '--source', '/nowhere'], { namespace: kernel.name })
    const said = lines(stdout).sort((a, b) => a.level - b.level) // what is fatal may overtake a line that is being written
    expect(said).toMatchObject([{ msg: 'starting' }, { level: 60, msg: expect.stringMatching(/^cannot read the manifests/), err: { code: 'SOURCE_UNREADABLE' } }])
  })

  test('a defect', async () => {
    const throws = `
      const timer = setInterval(() => {
        if (process.listenerCount("uncaughtExceptionMonitor") === 0) return // it has not begun yet
        clearInterval(timer)
        throw new TypeError("a defect")
      })`
    const env = { NODE_OPTIONS: `--import "data:text/javascript,${encodeURIComponent(throws)}"` }
    const { code, stdout, stderr } = await vethguard(['agent', '--node-name', 'node0', '--source', folder, '--dry-run'], { namespace: kernel.name, env })
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining('TypeError: a defect') })
    expect(lines(stdout).filter(({ level }) => level === 60)).toMatchObject([{ msg: 'a defect', err: { type: 'TypeError', stack: expect.any(String) } }])
  })
})

describe('bin/vethguard', () => {
  test('takes the Node of node_modules, whatever the system has', async () => {
    const bin = mkdtempSync(join(folder, 'bin-'))
    writeFileSync(join(bin, 'node'), '#!/bin/sh\necho an old node >&2\nexit 9\n')
    chmodSync(join(bin, 'node'), 0o755)
    expect(await vethguard(['--version'], { env: { PATH: `${bin}:/usr/bin:/bin` } })).toMatchObject({ code: 0, stdout: `${VERSION}\n` })
  })

  test('is found through links', async () => {
    const link = join(folder, 'vg')
    symlinkSync(VETHGUARD, link)
    expect(await vethguard([], { by: ['sh', '-c', `exec ${link} --version`] })).toMatchObject({ code: 0, stdout: `${VERSION}\n` })
  })

  test('a reader that goes early is no error of ours', () => {
    const pods = Array.from({ length: 3000 }, (_, n) => ({
      kind: 'Pod', metadata: { namespace: 'x', name: `p${n}` }, spec: { nodeName: 'node0' }, status: { podIP: `10.0.${n >> 8}.${n & 255}` },
    }))
    const policy = { kind: 'NetworkPolicy', apiVersion: 'networking.k8s.io/v1', metadata: { namespace: 'x', name: 'p' }, spec: { podSelector: {} } }
    const manifests = mkdtempSync(join(folder, 'many-'))
    writeFileSync(join(manifests, 'all.json'), JSON.stringify({ kind: 'List', items: [...pods, policy] }))
    const { stdout, stderr } = spawnSync('sh', ['-c', `${VETHGUARD} render --node-name node0 --source ${manifests} | head -n 1`], { encoding: 'utf8' })
    expect({ stdout, stderr }).toEqual({ stdout: 'add table inet vethguard\n', stderr: '' })
  })
})
