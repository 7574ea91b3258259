// What runs in the pods of `helm test` and `helm uninstall`, here against servers on this machine. What wait.cjs does in a cluster is
// in `npm run e2e`.
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { execFile, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { createServer as createHttpServer } from 'node:http'
import { type AddressInfo, createServer, type Server } from 'node:net'
import process from 'node:process'
import { PATIENCE_MS } from '../../lab/patience.ts'
import { chartFile } from './helm.ts'

const METRICS = `# TYPE vethguard_denied_packets_total counter
vethguard_denied_packets_total{pod_namespace="kube-system",pod_name="vethguard-test-server-x",direction="ingress",by="isolation"} 5
vethguard_denied_packets_total{pod_namespace="kube-system",pod_name="quiet-x",direction="ingress",by="isolation"} 0
vethguard_denied_packets_total{pod_namespace="other",pod_name="elsewhere-x",direction="ingress",by="isolation"} 7
vethguard_denied_packets_total{pod_namespace="kube-system",pod_name="outward-x",direction="egress",by="isolation"} 7
`
const state: { server?: Server; metrics?: ReturnType<typeof createHttpServer> } = {}

beforeAll(async () => {
  state.server = createServer((socket) => socket.end()).listen(0, '127.0.0.1')
  state.metrics = createHttpServer((_, response) => response.end(METRICS)).listen(0, '127.0.0.1')
  await Promise.all([once(state.server, 'listening'), once(state.metrics, 'listening')])
})
afterAll(() => {
  state.server?.close()
  state.metrics?.close()
})

function portOf(server: Pick<Server, 'address'> | undefined): string {
  return String((server!.address() as AddressInfo).port)
}

/** @param until after so many seconds it is stopped @returns its exit code; null when it had to be stopped */
async function run(script: string, env: Record<string, string>, until: number): Promise<number | null> {
  const child = execFile(process.execPath, ['-e', chartFile(`files/tests/${script}`)], { env, timeout: until * 1000 })
  const [code] = await once(child, 'exit') as [number | null]
  return code
}

/** Long enough to succeed, and for what should not to have had the time to. */
const [LONG, SHORT] = [PATIENCE_MS / 1000, 6]

test('a client that must connect is content when it can; one that must not is not, nor is either with a server that is not there', async () => {
  const there = { SERVER: '127.0.0.1', PORT: portOf(state.server) }
  const notThere = { SERVER: '127.0.0.1', PORT: '1' }
  expect(await Promise.all([
    run('connect.cjs', { ...there, EXPECT: 'allowed' }, LONG),
    run('connect.cjs', { ...there, EXPECT: 'denied' }, SHORT),
    run('connect.cjs', { ...notThere, EXPECT: 'allowed' }, SHORT),
    run('connect.cjs', { ...notThere, EXPECT: 'denied' }, SHORT),
  ])).toEqual([0, null, null, null])
})

test('what waits for the cleanup ends with its own words also where it cannot ask which nodes are left', () => {
  const env = { TIMEOUT_SECONDS: '1', KUBERNETES_SERVICE_HOST: '127.0.0.1', KUBERNETES_SERVICE_PORT: '1' } // where nobody answers
  const { status, stderr } = spawnSync(process.execPath, ['-e', chartFile('files/cleanup/wait.cjs')], { env, encoding: 'utf8', timeout: LONG * 1000 })
  expect(status).toBe(1)
  expect(stderr).toMatch(/^after 1 s, vethguard's tables may still be on nodes unknown \(.+\): run "nft delete table inet vethguard; nft delete table bridge vethguard" there, or reboot\n$/)
})

test('only denials to pods of the server count', async () => {
  const where = { HOST: '127.0.0.1', PORT: portOf(state.metrics), NAMESPACE: 'kube-system' }
  const counted = async (SERVER: string, until: number): Promise<number | null> => run('counted.cjs', { ...where, SERVER }, until)
  expect(await Promise.all([
    counted('vethguard-test-server', LONG), counted('quiet', SHORT), counted('elsewhere', SHORT), counted('outward', SHORT),
  ])).toEqual([0, null, null, null])
})
