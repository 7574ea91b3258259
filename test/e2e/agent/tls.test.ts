// Certificates of a real API server and of the agent's user are replaced: the files that the kubeconfig names are read again, and
// what does not fit is said clearly.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { copyFileSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect as connectTls } from 'node:tls'
import { once } from 'node:events'
import { dial } from '../../../lab/client.ts'
import { literalAddress } from '../../../lab/host.ts'
import { AGENT_RULES } from '../account.ts'
import { Authority, type KeyPair } from '../cluster/certificates.ts'
import { writeKubeconfigOfFiles } from '../cluster/kubeconfig.ts'
import { until } from '../cluster/until.ts'
import type { ApiObject } from '../resource-path.ts'
import { isReady } from './readiness.ts'
import { Stage } from './stage.ts'

const folder = mkdtempSync(join(tmpdir(), 'vethguard-tls-'))
const file = (name: string): string => join(folder, name)
/** What the API server shows to those who call it SERVER_NAME, and also to those who call it OTHER_NAME, which is not in it. */
const shown: KeyPair = { certificateFile: file('server.crt'), keyFile: file('server.key') }
const SERVER_NAME = 'api.test'
const OTHER_NAME = 'elsewhere.test'
const authorities = ['old', 'new'].map((name) => {
  mkdirSync(file(name))
  return new Authority(file(name))
})
const [oldAuthority, newAuthority] = authorities as [Authority, Authority]
/** The agents' own. */
const files = { authorityFile: file('ca.crt'), certificateFile: file('client.crt'), keyFile: file('client.key') }
const kubeconfig = file('kubeconfig')

const state: { stage?: Stage } = {}
const stage = (): Stage => state.stage!

beforeAll(async () => {
  replace(shown, serverCertificate(oldAuthority))
  const serverFlags = [`--tls-sni-cert-key=${shown.certificateFile},${shown.keyFile}:${SERVER_NAME},${OTHER_NAME}`]
  state.stage = await Stage.open({ podsPerNode: 1, serverFlags })
  await stage().addNamespace('shop')
  for (const [index, pod] of stage().lab.pods.entries()) await stage().addPod(pod, { namespace: 'shop', labels: { app: `app${index}` } })
  await stage().server.admin.apply({ apiVersion: RBAC, kind: 'ClusterRole', metadata: { name: 'reader' }, rules: AGENT_RULES })
  for (const user of ['first', 'second']) await stage().server.admin.apply(binding(user))
})
beforeEach(async () => {
  putFile(files.authorityFile, oldAuthority.files.certificateFile)
  await show(oldAuthority)
  replace(files, stage().server.issueClientCertificate('first'))
  writeKubeconfigOfFiles(kubeconfig, stage().server.url, { ...files, serverName: SERVER_NAME })
  await stage().server.admin.apply(policy('app1'))
})
afterEach(() => stage().endAgents())
afterAll(async () => {
  await state.stage?.close()
  rmSync(folder, { recursive: true })
})

const RBAC = 'rbac.authorization.k8s.io/v1'

function binding(user: string): ApiObject {
  return {
    apiVersion: RBAC,
    kind: 'ClusterRoleBinding',
    metadata: { name: user },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'reader' },
    subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: user }],
  }
}

/** Lets `from` alone into app0. */
function policy(from: string): ApiObject {
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { namespace: 'shop', name: 'server' },
    spec: { podSelector: { matchLabels: { app: 'app0' } }, ingress: [{ from: [{ podSelector: { matchLabels: { app: from } } }] }] },
  }
}

function serverCertificate(authority: Authority): KeyPair {
  return authority.issue('server', { commonName: SERVER_NAME, alternativeNames: [`DNS:${SERVER_NAME}`] })
}

function replace(target: KeyPair, source: KeyPair): void {
  putFile(target.keyFile, source.keyFile)
  putFile(target.certificateFile, source.certificateFile)
}

/** At once, as those who rotate do. */
function putFile(target: string, source: string): void {
  copyFileSync(source, `${target}.new`)
  renameSync(`${target}.new`, target)
}

/** Has the API server show a certificate of this authority. */
async function show(authority: Authority): Promise<void> {
  replace(shown, serverCertificate(authority))
  await until('new certificate of the API server', () => isShown(authority))
}

async function isShown(authority: Authority): Promise<boolean> {
  const socket = dial(stage().lab.nodes[0]!.namespace, literalAddress('172.19.0.1'), 6443)
  const secure = connectTls({ socket, servername: SERVER_NAME, ca: authority.certificate })
  try {
    await once(secure, 'secureConnect')
    return true
  } catch {
    return false
  } finally {
    secure.destroy()
  }
}

async function start(): Promise<void> {
  stage().startAgents({ kubeconfig })
  await stage().enforcing()
  await stage().inForce()
}

async function readiness(): Promise<boolean[]> {
  return Promise.all(stage().lab.nodes.map(({ namespace }) => isReady(namespace)))
}

/** The agents cannot read any more: what they say, and that what was in force stays so. */
async function expectTrouble(words: RegExp): Promise<void> {
  const wrongPackets = await stage().judge()
  for (const agent of stage().agents) agent.hear()
  stage().server.cutConnections()
  for (const agent of stage().agents) await agent.says(words)
  expect(wrongPackets()).toEqual([])
  expect(await readiness()).toEqual([true, true])
  await stage().server.admin.apply(policy('nobody'))
  expect(wrongPackets()).toEqual([])
}

test("the client's certificate is replaced", async () => {
  await start()
  await stage().server.admin.delete(binding('first'))
  await expectTrouble(/not allowed to watch .*\\"first\\"/)
  replace(files, stage().server.issueClientCertificate('second'))
  await stage().inForce()
  await stage().server.admin.apply(binding('first'))
})

describe("the server's authority is replaced", () => {
  test('and the file follows later', async () => {
    await start()
    await show(newAuthority)
    await expectTrouble(/not from the certificate authority that we trust: check certificate-authority/)
    putFile(files.authorityFile, newAuthority.files.certificateFile)
    await stage().inForce()
  })

  test('and the file is not there for a moment', async () => {
    await start()
    await show(newAuthority)
    rmSync(files.authorityFile)
    await expectTrouble(/ca\.crt/)
    putFile(files.authorityFile, newAuthority.files.certificateFile)
    await stage().inForce()
  })
})

test('an agent that starts with the wrong authority says so, and goes on with the right one', async () => {
  putFile(files.authorityFile, newAuthority.files.certificateFile)
  stage().startAgents({ kubeconfig })
  for (const agent of stage().agents) await agent.says(/not from the certificate authority that we trust: check certificate-authority/)
  expect(await readiness()).toEqual([false, false])
  putFile(files.authorityFile, oldAuthority.files.certificateFile)
  await stage().enforcing()
  await stage().inForce()
})

test('an agent that starts with a name that is not in the certificate says so, and goes on with the right one', async () => {
  writeKubeconfigOfFiles(kubeconfig, stage().server.url, { ...files, serverName: OTHER_NAME })
  stage().startAgents({ kubeconfig })
  for (const agent of stage().agents) await agent.says(/set tls-server-name to a name that is in the certificate/)
  expect(await readiness()).toEqual([false, false])
  writeKubeconfigOfFiles(kubeconfig, stage().server.url, { ...files, serverName: SERVER_NAME })
  await stage().enforcing()
  await stage().inForce()
})
