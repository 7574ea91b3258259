// The API server that other tests are written against: what they take for granted about it.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { Lab } from '../../lab/lab.ts'
import { AGENT_RULES, type Account } from './account.ts'
import { ApiError, type ApiClient, type WatchEvent } from './api-client.ts'
import { ApiServer } from './api-server.ts'
import { API_SERVER_PROGRAMS, BUILD_TIMEOUT_MS, kubernetes } from './cluster/binaries.ts'
import { leftoversOf } from './cluster/leftovers.ts'
import { until } from './cluster/until.ts'
import { labPodObjects } from './lab-pod.ts'
import type { ApiObject } from './resource-path.ts'

let lab: Lab
let server: ApiServer
let account: Account

beforeAll(async () => {
  await kubernetes(API_SERVER_PROGRAMS)
  lab = Lab.create({ nodes: 2, podsPerNode: 1 })
  server = await ApiServer.start({ namespaces: lab.nodes.map(({ namespace }) => namespace) })
  account = await server.createAccount('agent', AGENT_RULES)
}, BUILD_TIMEOUT_MS)

afterAll(async () => {
  await server.close()
  lab.close()
})

describe('an account with the rights of the agent', () => {
  test('lists what the agent reads', async () => {
    for (const path of ['/api/v1/pods', '/api/v1/namespaces', '/apis/networking.k8s.io/v1/networkpolicies']) {
      await expect(account.client.get(path)).resolves.toHaveProperty('metadata.resourceVersion')
    }
  })

  test('is refused everything else', async () => {
    expect(await statusOf(account.client.get('/api/v1/secrets'))).toBe(403)
    expect(await statusOf(account.client.get('/api/v1/namespaces/default'))).toBe(403)
    expect(await statusOf(account.client.apply(configMap('mine')))).toBe(403)
  })

  test('sees a faked pod come, get its addresses, and go', async () => {
    const { metadata } = await account.client.get('/api/v1/pods')
    const events = account.client.watch(`/api/v1/pods?resourceVersion=${String(metadata['resourceVersion'])}`)
    const { pod, status } = labPodObjects(lab.pods[0]!, { namespace: 'default', labels: { app: 'a' } })
    await server.admin.apply(pod)
    await server.admin.mergeStatus(pod, status)
    await server.admin.delete(pod)
    const [added, changed, dying, removed] = await take(events, 4)
    expect(added).toMatchObject({ type: 'ADDED', object: { spec: { nodeName: 'node0' }, metadata: { labels: { app: 'a' } } } })
    expect(changed).toMatchObject({ type: 'MODIFIED', object: { status: { podIPs: [{ ip: '10.244.0.10' }, { ip: 'fd00:10:244::a' }] } } })
    expect(dying).toMatchObject({ type: 'MODIFIED', object: { metadata: { deletionGracePeriodSeconds: 0 } } })
    expect(removed?.type).toBe('DELETED')
  })

  test('uses a rotated token, and no revoked one', async () => {
    await account.revokeTokens()
    const unseen = await server.createAccount('unseen', AGENT_RULES)
    await unseen.revokeTokens()
    expect(await statusOf(unseen.client.get('/api/v1/pods'))).toBe(401)
    await unseen.rotateToken()
    await expect(unseen.client.get('/api/v1/pods')).resolves.toHaveProperty('items')
    await account.rotateToken()
  })
})

test('a namespace and what it held can be removed', async () => {
  const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'short-lived' } }
  await server.admin.apply(namespace)
  await server.admin.deleteNamespace('short-lived')
  expect(await statusOf(server.admin.get('/api/v1/namespaces/short-lived'))).toBe(404)
})

describe('a connection of a node', () => {
  let client: ApiClient
  beforeAll(() => void (client = server.clientFrom(lab.nodes[0]!.namespace)))
  afterAll(() => client.close())

  test('is cut on demand', async () => {
    const events = client.watch('/api/v1/configmaps')
    await events.next()
    server.cutConnections()
    await expect(take(events, Infinity)).rejects.toThrow()
  })

  test('falls silent on demand, and goes on after that', async () => {
    const { metadata } = await server.admin.apply(configMap('heard'))
    const events = watchConfigMaps(client, metadata)
    await server.admin.apply(configMap('heard-too'))
    await expect(events.next()).resolves.toHaveProperty('value.object.metadata.name', 'heard-too')
    server.setReachable(false)
    const next = events.next()
    await server.admin.apply(configMap('unheard'))
    expect(await Promise.race([next, sleep(500, 'silence')])).toBe('silence')
    server.setReachable(true)
    await expect(next).resolves.toHaveProperty('value.object.metadata.name', 'unheard')
  })
})

test('killed and restarted it has its data; compacted meanwhile it has forgotten the way there', async () => {
  const { metadata } = await server.admin.apply(configMap('kept'))
  await server.admin.apply(configMap('later'))
  await server.kill()
  await expect(server.admin.get('/api/v1/namespaces/default')).rejects.not.toBeInstanceOf(ApiError)
  await server.compact()
  await server.restart()
  await expect(server.admin.get('/api/v1/namespaces/default/configmaps/kept')).resolves.toMatchObject({ data: { key: 'kept' } })
  const [event] = await take(watchConfigMaps(server.admin, metadata), 1)
  expect(event).toMatchObject({ type: 'ERROR', object: { code: 410 } })
})

describe('an API server without a watch cache', () => {
  let other: ApiServer
  beforeAll(async () => void (other = await ApiServer.start({ flags: ['--watch-cache=false'] })))

  test('feels a compaction at once', async () => {
    const { metadata } = await other.admin.apply(configMap('first'))
    await other.admin.apply(configMap('second'))
    await other.compact()
    const [event] = await take(watchConfigMaps(other.admin, metadata), 1)
    expect(event).toMatchObject({ type: 'ERROR', object: { code: 410 } })
  })

  test('leaves nothing after its end', async () => {
    const prefix = prefixOf(other.kubeconfig)
    expect(leftoversOf(prefix)).not.toEqual([])
    await other.close()
    expect(leftoversOf(prefix)).toEqual([])
    expect(existsSync(dirname(other.kubeconfig))).toBe(false)
  })
})

test('when its maker is killed its programs die too, and the next start removes the rest', async () => {
  const maker = spawn(process.execPath, [join(import.meta.dirname, 'killed-maker.ts')], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [line] = await once(createInterface(maker.stdout), 'line') as [string]
  const prefix = prefixOf(line)
  maker.kill('SIGKILL')
  await once(maker, 'exit')
  await until('end of the programs', () => Promise.resolve(!leftoversOf(prefix).some((left) => left.startsWith('process'))))
  const next = await ApiServer.start()
  await next.close()
  expect(leftoversOf(prefix)).toEqual([])
  expect(existsSync(dirname(line))).toBe(false)
})

function prefixOf(kubeconfig: string): string {
  return basename(dirname(kubeconfig))
}

function watchConfigMaps(client: ApiClient, { resourceVersion }: ApiObject['metadata']): AsyncGenerator<WatchEvent> {
  return client.watch(`/api/v1/configmaps?resourceVersion=${String(resourceVersion)}`)
}

async function take<T>(source: AsyncGenerator<T>, count: number): Promise<T[]> {
  const taken: T[] = []
  for await (const value of source) if (taken.push(value) === count) break
  return taken
}

async function statusOf(request: Promise<unknown>): Promise<number> {
  return request.then(() => 200, (error: unknown) => {
    if (error instanceof ApiError) return error.status
    throw error
  })
}

function configMap(name: string): ApiObject {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'default' }, data: { key: name } }
}
