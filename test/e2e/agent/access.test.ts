// Rights and tokens on a real API server: what is missing is named, nothing hangs, and as soon as it is granted the agent goes on.
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import { setTimeout as sleep } from 'node:timers/promises'
import { quietly } from '../../../lab/patience.ts'
import { AGENT_RULES, type Rule } from '../account.ts'
import type { ApiError } from '../api-client.ts'
import { installPolicyCrd, removePolicyCrd } from '../cluster/policy-crds.ts'
import { until } from '../cluster/until.ts'
import type { ApiObject } from '../resource-path.ts'
import { isReady } from './readiness.ts'
import { Stage } from './stage.ts'

const state: { stage?: Stage } = {}
const stage = (): Stage => state.stage!

beforeAll(async () => {
  state.stage = await Stage.open({ podsPerNode: 1 })
  await stage().addNamespace('shop')
  for (const [index, pod] of stage().lab.pods.entries()) await stage().addPod(pod, { namespace: 'shop', labels: { app: `app${index}` } })
})
afterEach(async () => {
  await stage().endAgents()
  await stage().account.grant(AGENT_RULES)
})
afterAll(() => state.stage?.close())

/** The API server takes a token that it has just seen for 10 s more. */
const TOKEN_MEMORY_MS = 11_000

/** Lets `from` alone into app0. */
function policy(from: string): ApiObject {
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { namespace: 'shop', name: 'server' },
    spec: { podSelector: { matchLabels: { app: 'app0' } }, ingress: [{ from: [{ podSelector: { matchLabels: { app: from } } }] }] },
  }
}

function rulesWithout(resource: string): Rule[] {
  return AGENT_RULES.map((rule) => ({ ...rule, resources: rule.resources.filter((each) => each !== resource) })).filter(({ resources }) => resources.length > 0)
}

async function readiness(): Promise<boolean[]> {
  return Promise.all(stage().lab.nodes.map(({ namespace }) => isReady(namespace)))
}

function forbidden(resource: string): RegExp {
  return new RegExp(`not allowed to watch ${resource} \\(403\\).*grant the verbs list and watch on ${resource}`)
}

describe.each(['pods', 'namespaces', 'networkpolicies'])('without the right to read %s', (resource) => {
  test('an agent that starts names it, is not ready, and goes on when it is granted', async () => {
    await stage().server.admin.apply(policy('nobody'))
    await stage().account.grant(rulesWithout(resource))
    stage().startAgents()
    for (const agent of stage().agents) await agent.says(forbidden(resource))
    await quietly()
    expect(await readiness()).toEqual([false, false])
    expect(stage().agents.map((agent) => agent.hear().includes('enforcing'))).toEqual([false, false])
    await stage().account.grant(AGENT_RULES)
    await stage().enforcing()
    await stage().inForce()
    expect(await readiness()).toEqual([true, true])
  })

  test('an agent that enforces goes on doing so, and follows when it is granted again', async () => {
    await stage().server.admin.apply(policy('app1'))
    stage().startAgents()
    await stage().enforcing()
    await stage().inForce()
    await stage().account.grant(rulesWithout(resource))
    await until('refusal', () => stage().account.client.get(pathOf(resource)).then(() => false, (error: unknown) => (error as ApiError).status === 403))
    stage().server.cutConnections()
    for (const agent of stage().agents) await agent.says(forbidden(resource))
    const wrongPackets = await stage().judge()
    expect(wrongPackets()).toEqual([])
    expect(await readiness()).toEqual([true, true])
    await stage().server.admin.apply(policy('nobody'))
    await stage().account.grant(AGENT_RULES)
    await stage().inForce()
  })
})

describe.each(['clusternetworkpolicies', 'nodes'])('without the right to read %s', (resource) => {
  beforeAll(() => installPolicyCrd(stage().server.admin, 'standard'))
  afterAll(() => removePolicyCrd(stage().server.admin))

  test('an agent names it, enforces NetworkPolicies, and reads them when it is granted', async () => {
    await stage().server.admin.apply(policy('app1'))
    await stage().account.grant(rulesWithout(resource))
    stage().startAgents()
    for (const agent of stage().agents) await agent.says(forbidden(resource))
    await stage().enforcing()
    await stage().inForce()
    expect(await readiness()).toEqual([true, true])
    await stage().account.grant(AGENT_RULES)
    for (const agent of stage().agents) await agent.says(new RegExp(`"resource":"${resource}".*"everything is read"`))
    await stage().server.admin.apply(policy('nobody'))
    await stage().inForce()
  })
})

test('a token that was replaced and then revoked: the new one is used at once', async () => {
  await startedWith(policy('app1'))
  await stage().account.revokeTokens()
  await stage().account.rotateToken()
  await sleep(TOKEN_MEMORY_MS)
  for (const agent of stage().agents) agent.hear()
  stage().server.cutConnections()
  await stage().server.admin.apply(policy('nobody'))
  await stage().inForce()
})

test('a token that is revoked: enforcement goes on, the log names it, and a new one is used at once', async () => {
  await startedWith(policy('app1'))
  await stage().account.revokeTokens()
  await sleep(TOKEN_MEMORY_MS)
  stage().server.cutConnections()
  for (const agent of stage().agents) await agent.says(/does not know us \(401\).*check the token/)
  const wrongPackets = await stage().judge()
  await stage().server.admin.apply(policy('nobody'))
  expect(wrongPackets()).toEqual([])
  expect(await readiness()).toEqual([true, true])
  await stage().account.rotateToken()
  await stage().inForce()
})

test('a token file that is empty before it is written anew: nobody asks without a token, and the new one is used at once', async () => {
  await startedWith(policy('app1'))
  await stage().account.revokeTokens()
  await sleep(TOKEN_MEMORY_MS)
  stage().server.cutConnections()
  for (const agent of stage().agents) await agent.says(/does not know us \(401\)/)
  stage().account.emptyToken()
  await quietly(1500)
  await stage().server.admin.apply(policy('nobody'))
  await stage().account.rotateToken()
  await stage().inForce()
})

async function startedWith(object: ApiObject): Promise<void> {
  await stage().server.admin.apply(object)
  stage().startAgents()
  await stage().enforcing()
  await stage().inForce()
}

function pathOf(resource: string): string {
  return resource === 'networkpolicies' ? '/apis/networking.k8s.io/v1/networkpolicies' : `/api/v1/${resource}`
}
