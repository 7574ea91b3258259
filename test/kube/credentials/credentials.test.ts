import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { findCredentials } from '../../../src/kube/credentials/credentials.ts'
import { inClusterCredentials } from '../../../src/kube/credentials/in-cluster.ts'
import { Transport } from '../../../src/kube/transport.ts'
import { FakeApi } from '../fake-api.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vg-kube-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

function file(name: string, content: string): string {
  writeFileSync(join(folder, name), content)
  return join(folder, name)
}

function kubeconfig(user: object, server = 'https://127.0.0.1:6443'): string {
  const cluster = { server, 'insecure-skip-tls-verify': true, 'tls-server-name': 'kubernetes', 'proxy-url': 'http://proxy:3128' }
  return file('config', JSON.stringify({
    'current-context': 'c',
    'contexts': [{ name: 'c', context: { cluster: 'k', user: 'u' } }],
    'clusters': [{ name: 'k', cluster }],
    'users': [{ name: 'u', user }],
  }))
}

const GET = { signal: new AbortController().signal, answerMs: 1000, silenceMs: 1000 }

describe('kubeconfig', () => {
  test('certificates, server name and proxy', async () => {
    const pem = Buffer.from('pem').toString('base64')
    const credentials = await findCredentials(kubeconfig({ 'client-certificate-data': pem, 'client-key-data': pem }), {})
    const { server, tls, proxyUrl } = await credentials.access()
    expect({ server, proxyUrl }).toEqual({ server: 'https://127.0.0.1:6443', proxyUrl: 'http://proxy:3128' })
    expect(tls).toEqual({ cert: Buffer.from('pem'), key: Buffer.from('pem'), servername: 'kubernetes', rejectUnauthorized: false })
  })

  test('an exec plugin is run, told what it is for, and run again when the server refuses its token', async () => {
    const plugin = file('plugin', `#!/bin/sh
echo run >> ${folder}/runs
case "$KUBERNETES_EXEC_INFO" in *'"kind":"ExecCredential"'*) ;; *) exit 1 ;; esac
echo '{"kind":"ExecCredential","status":{"token":"token-'$(wc -l < ${folder}/runs)'"}}'
`)
    chmodSync(plugin, 0o755)
    const exec = { apiVersion: 'client.authentication.k8s.io/v1', command: plugin, interactiveMode: 'Never' }
    const credentials = await findCredentials(kubeconfig({ exec }), {})
    const token = async (): Promise<string | undefined> => (await credentials.access()).headers['authorization']
    expect([await token(), await token()]).toEqual(['Bearer token-1', 'Bearer token-1'])
    credentials.forget()
    expect(await token()).toBe('Bearer token-2')
  })

  test('a token file is read for every request; while it is empty or gone there is none', async () => {
    const path = file('token', 'old\n')
    const credentials = await findCredentials(kubeconfig({ tokenFile: 'token' }), {})
    expect((await credentials.access()).headers).toEqual({ authorization: 'Bearer old' })
    file('token', ' \n')
    await expect(credentials.access()).rejects.toMatchObject({ code: 'CONFIG_INVALID', message: expect.stringContaining(`${path} is empty`) })
    rmSync(path)
    await expect(credentials.access()).rejects.toMatchObject({ code: 'CONFIG_INVALID', message: expect.stringContaining(`${path} cannot be read`) })
    file('token', 'new\n')
    expect((await credentials.access()).headers).toEqual({ authorization: 'Bearer new' })
  })

  test('several files: the user and the token file may be in another one; a user in two of them is an error', async () => {
    file('token', 'one')
    const user = file('user', JSON.stringify({ users: [{ name: 'u', user: { tokenFile: 'token' } }] }))
    const cluster = JSON.parse(readFileSync(kubeconfig({}), 'utf8')) as object
    const rest = file('rest', JSON.stringify({ ...cluster, users: [] }))
    const credentials = await findCredentials(`${rest}:${user}`, {})
    expect((await credentials.access()).headers).toEqual({ authorization: 'Bearer one' })
    await expect(findCredentials(`${rest}:${user}:${user}`, {})).rejects.toMatchObject({ code: 'CONFIG_INVALID', cause: { message: 'Duplicate user: u' } })
  })

  test('a file that is missing, no kubeconfig, or without a cluster is an error that names it', async () => {
    await expect(findCredentials(join(folder, 'none'), {})).rejects.toThrow('/none cannot be read')
    await expect(findCredentials(file('yaml', 'a: [1'), {})).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
    await expect(findCredentials(file('empty', '{}'), {})).rejects.toThrow('no cluster and user for context ""')
  })
})

describe('service account', () => {
  test('token and certificate of the folder; a rotated token is read after a refusal', async () => {
    file('token', 'old\n')
    file('ca.crt', 'pem')
    const env = { KUBERNETES_SERVICE_HOST: 'fd00::1', KUBERNETES_SERVICE_PORT: '443' }
    const credentials = inClusterCredentials(env, folder)
    const old = { server: 'https://[fd00::1]:443', headers: { authorization: 'Bearer old' }, tls: { ca: 'pem' }, proxyUrl: undefined }
    expect(await credentials.access()).toEqual(old)
    file('token', 'new\n')
    expect(await credentials.access()).toEqual(old)
    credentials.forget()
    expect((await credentials.access()).headers).toEqual({ authorization: 'Bearer new' })
  })

  test('a token that is empty is an error, and read again for the next request', async () => {
    file('token', 'old\n')
    file('ca.crt', 'pem')
    const credentials = inClusterCredentials({ KUBERNETES_SERVICE_HOST: 'h' }, folder)
    const path = file('token', '')
    credentials.forget()
    await expect(credentials.access()).rejects.toMatchObject({ code: 'CONFIG_INVALID', message: expect.stringContaining(`${path} is empty`) })
    file('token', 'new\n')
    expect((await credentials.access()).headers).toEqual({ authorization: 'Bearer new' })
  })

  test('without credentials of any kind it says what to do', async () => {
    await expect(findCredentials(undefined, {})).rejects.toThrow('set KUBECONFIG')
    expect(() => inClusterCredentials({ KUBERNETES_SERVICE_HOST: 'h' }, folder)).toThrow('token cannot be read')
  })
})

describe('Transport', () => {
  test('a refused token is forgotten at once', async () => {
    const api = new FakeApi()
    await api.listen()
    api.failNext('pods', 'unauthorized')
    let tokens = 1
    const access = () => Promise.resolve({ server: api.url, headers: { authorization: `Bearer ${tokens}` }, tls: {}, proxyUrl: undefined })
    const transport = new Transport({ access, forget: () => (tokens += 1) })
    try {
      await expect(transport.get('/api/v1/pods', GET)).rejects.toMatchObject({ status: 401, reason: 'Unauthorized' })
      await transport.get('/api/v1/pods', GET)
      expect(api.headers.map(({ authorization }) => authorization)).toEqual(['Bearer 1', 'Bearer 2'])
    } finally {
      await transport.close()
      await api.stop()
    }
  })
})
