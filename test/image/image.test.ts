// The image: built from the Dockerfile, looked into, and run with the rights of the chart's pod.
import { existsSync, lstatSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { until } from '../../lab/patience.ts'
import { AgentLab, cells } from '../agent/agent-lab.ts'
import { policyObject } from '../situations/fixture.ts'
import { Container, runContainer } from './container.ts'
import { buildImage, filesIn, type Image, IMAGE_TIMEOUT_MS } from './image.ts'

const PACKAGE = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string; dependencies: Record<string, string>; devDependencies: Record<string, string>
}
const DENY_A = policyObject('deny-a', { podSelector: { matchLabels: { pod: 'a' } } })
const MEGABYTE = 1_000_000

let image: Image
let lab: AgentLab
let files: string[]

beforeAll(async () => {
  image = await buildImage()
  files = filesIn(image.root)
  lab = new AgentLab()
  lab.write('policies.json', [DENY_A])
}, IMAGE_TIMEOUT_MS)
afterAll(async () => {
  await lab.close()
  image.close()
})

describe('in the image', () => {
  test('are few programs, and no tools', () => {
    const programs = files.filter((path) => /^usr(\/local)?\/s?bin\//.test(path)).map((path) => path.replace(/.*\//, ''))
    expect(programs.sort()).toEqual(['dash', 'dirname', 'nft', 'node', 'readlink', 'sh', 'vethguard'])
  })

  test('are libraries for production, for this platform only', () => {
    for (const name of Object.keys(PACKAGE.dependencies)) expect(existsSync(join(image.root, 'app/node_modules', name))).toBe(true)
    for (const name of Object.keys(PACKAGE.devDependencies)) expect(existsSync(join(image.root, 'app/node_modules', name))).toBe(false)
    const native = files.filter((path) => path.startsWith('app/') && /\.(node|so|dll|dylib|bare)$/.test(path))
    expect(native).toEqual([expect.stringMatching(/^app\/node_modules\/@koromix\/koffi-linux-(x64|arm64)\/.*\.node$/)])
  })

  test('is nothing of the machine that built it: settings of npm, certificates, caches', () => {
    expect(files.filter((path) => /npmrc|\.crt$|\.pem$|_cacache|\.log$|^root\/|^run\/|^tmp\//.test(path))).toEqual([])
    expect(readFileSync(join(image.root, 'app/node_modules/.package-lock.json'), 'utf8')).not.toMatch(/"resolved"/)
  })

  test('is nothing that users but root may write', () => {
    const open = files.filter((path) => {
      const { mode, uid } = lstatSync(join(image.root, path))
      return uid !== 0 || ((mode & 0o022) !== 0 && (mode & 0o170000) !== 0o120000)
    })
    expect(open).toEqual([])
  })

  test('are the words that registries show, and who it runs as', () => {
    const { User, Entrypoint, Cmd, Labels } = image.config
    expect({ User, Entrypoint, Cmd }).toEqual({ User: '0:0', Entrypoint: ['vethguard'], Cmd: ['agent'] })
    expect(Labels).toMatchObject({
      'org.opencontainers.image.title': 'vethguard',
      'org.opencontainers.image.licenses': 'Apache-2.0',
      'org.opencontainers.image.version': PACKAGE.version,
      'org.opencontainers.image.source': expect.stringMatching(/^https:/),
    })
  })

  test('are for scanners the Debian packages, with their copyrights', () => {
    const packages = files.filter((path) => path.startsWith('var/lib/dpkg/status.d/')).map((path) => path.replace(/.*\//, ''))
    expect(packages).toEqual(expect.arrayContaining(['base-files', 'dash', 'libc6', 'libnftables1', 'libstdc++6', 'nftables']))
    for (const name of packages) expect(files).toContain(`usr/share/doc/${name}/copyright`)
  })

  test('are less than 190 MB, and 60 MB compressed', () => {
    expect(image.bytes.unpacked / MEGABYTE).toBeLessThan(190)
    expect(image.bytes.compressed / MEGABYTE).toBeLessThan(60)
  })
})

describe('a container with CAP_NET_ADMIN only, read-only', () => {
  const run = (...args: string[]) => runContainer({ image, args, namespace: lab.namespace, manifests: lab.folder })

  test('says its version, and helps', async () => {
    expect(await run('--version')).toEqual({ code: 0, stdout: `${PACKAGE.version}\n`, stderr: '' })
    expect(await run('cleanup', '--help')).toMatchObject({ code: 0, stdout: expect.stringContaining('vethguard cleanup'), stderr: '' })
  })

  test('renders what nft 1.0.6 of the image takes', async () => {
    const { code, stdout, stderr } = await run('render', '--source', '/manifests', '--node-name', 'node0')
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toContain('add table inet vethguard')
    const nft = await runContainer({ image, entrypoint: ['nft', '--version'], args: [], namespace: lab.namespace })
    expect(nft.stdout).toMatch(/^nftables v1\.0\.6 /)
  })

  test.each(['netlink', 'nft'])('enforces by %s, leaves its rules when it is stopped, and takes them away when asked', async (backend) => {
    await using container = new Container({
      image, args: ['agent', '--backend', backend, '--source', '/manifests', '--node-name', 'node0'],
      namespace: lab.namespace, manifests: lab.folder, env: ['VETHGUARD_LISTEN=off'],
    })
    await heard(container, '"msg":"enforcing"')
    expect(lab.open()).toEqual(cells((_, to) => to !== 'x/a'))
    const listed = await runContainer({ image, entrypoint: ['nft'], args: ['list', 'ruleset'], namespace: lab.namespace })
    expect(listed.stdout).toMatch(/meta l4proto|ct state/)
    // The nft program owns nothing after its end.
    if (backend === 'netlink') expect(await run('cleanup')).toMatchObject({ code: 1, stderr: expect.stringContaining('another vethguard that is running') })
    container.stop()
    expect(await container.closed).toBe(0)
    expect(lab.open()).toEqual(cells((_, to) => to !== 'x/a'))
    expect(await run('cleanup')).toEqual({ code: 0, stdout: '', stderr: '' })
    expect(lab.exec('nft', 'list', 'ruleset')).toBe('')
    expect(await run('cleanup')).toEqual({ code: 0, stdout: '', stderr: '' }) // an empty node
  })

  test('reads a kubeconfig file with its full client', async () => {
    lab.write('config.json', '')
    const args = ['agent', '--kubeconfig', '/manifests/config.json', '--node-name', 'node0']
    const { code, stderr } = await runContainer({ image, args, namespace: lab.namespace, manifests: lab.folder })
    lab.remove('config.json')
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringMatching(/^vethguard: .*config\.json/) })
  })

  test('cannot work without CAP_NET_ADMIN, and says so', async () => {
    const { code, stderr } = await runContainer({ image, args: ['cleanup'], namespace: lab.namespace, capabilities: [] })
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringMatching(/CAP_NET_ADMIN/) })
  })
})

async function heard(container: Container, text: string): Promise<void> {
  await until(() => container.stdout.includes(text), () => `the container to say ${text}; it said ${container.stdout}${container.stderr}`)
}
