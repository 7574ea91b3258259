// Every right of the chart is needed: without any one of them policies are not enforced as they should be, and the agent says why.
// Those that only ClusterNetworkPolicies need keep no NetworkPolicy from being enforced.
// What is applied are the chart's own objects but for that right; no release is installed meanwhile.
import { join } from 'node:path'
import { exec } from '../../../../lab/namespace.ts'
import type { Rule } from '../../account.ts'
import { find, isHook, render } from '../../../chart/helm.ts'
import { templateOf } from '../../../chart/pod-template.ts'
import type { ApiObject } from '../../resource-path.ts'
import type { Layout } from '../layout.ts'
import { installPolicyCrd, removePolicyCrd } from '../policy-crds.ts'
import { expectReach } from '../reach.ts'
import type { Release } from '../release.ts'
import { until } from '../until.ts'
import { Unexpected } from '../unexpected.ts'
import type { Check, World } from './check.ts'
import { appPeer } from './ranges.ts'

interface Missing {
  readonly right: string
  /** Changes the chart's objects, which are nobody else's. */
  readonly take: (objects: readonly ApiObject[]) => void
  /** In the agents' logs. */
  readonly says: RegExp
}

const PROGRAM = join(import.meta.dirname, '..', '..', '..', '..', 'bin', 'vethguard')
const SETTLE_MS = 40_000
/** Much longer than it takes where nothing is missing. */
const FAIL_MS = 6000

const POD_RIGHTS: readonly Missing[] = [
  { right: 'NET_ADMIN', take: (objects) => changeContainer(objects, { capabilities: { drop: ['ALL'] } }), says: /CAP_NET_ADMIN/ },
  { right: 'uid 0', take: (objects) => changeContainer(objects, { runAsUser: 65534, runAsGroup: 65534, runAsNonRoot: true }), says: /CAP_NET_ADMIN/ },
  {
    right: 'hostNetwork',
    take: (objects) => void Object.assign(templateOf(find(objects, 'DaemonSet')).spec, { hostNetwork: false }),
    says: /"enforcing"/, // it is in order where it is, but that is not the node
  },
]

const RESOURCES = ['pods', 'namespaces', 'networkpolicies']
/** Needed for ClusterNetworkPolicies only. */
const OPTIONAL = ['clusternetworkpolicies', 'nodes']

/** @param release is not installed */
export function missingRights(release: Release, { hasWatchList }: Layout): Check[] {
  const verb = hasWatchList ? 'watch' : 'list' // list is needed of API servers without WatchList only
  const needed = [...hasWatchList ? POD_RIGHTS : [], ...RESOURCES.map((resource) => verbRight(verb, resource))]
  return [
    wholeRights(release),
    ...needed.map((missing) => withoutRight(release, missing)),
    ...OPTIONAL.map((resource) => withoutOptionalRight(release, verbRight(verb, resource))),
  ]
}

function verbRight(verb: string, resource: string): Missing {
  return {
    right: `${verb} ${resource}`,
    take: (objects) => takeVerb(find(objects, 'ClusterRole'), resource, verb),
    says: new RegExp(`forbidden.*${verb}|${verb}.*forbidden`),
  }
}

/** Shows that what the others do would work but for the right that they take away. */
function wholeRights(release: Release): Check {
  return {
    name: 'with all rights of the chart\'s objects, applied without Helm, policies are enforced',
    needsAgent: true,
    run: async (world) => withObjects(world, release, await chartObjects(release), async () => {
      await expectLog(release, /"enforcing"/)
      await expectEnforcement(world, SETTLE_MS)
    }),
  }
}

function withoutRight(release: Release, { right, take, says }: Missing): Check {
  return {
    name: `without ${right} policies are not enforced`,
    needsAgent: false,
    async run(world) {
      const objects = await chartObjects(release)
      take(objects)
      await withObjects(world, release, objects, async () => {
        await expectLog(release, says)
        const isEnforced = await expectEnforcement(world, FAIL_MS).then(() => true, (error: unknown) => {
          if (error instanceof Unexpected) return false
          throw error
        })
        if (isEnforced) throw new Unexpected(['they are enforced all the same, so nobody needs it'])
      })
    },
  }
}

function withoutOptionalRight(release: Release, { right, take, says }: Missing): Check {
  return {
    name: `without ${right} NetworkPolicies are enforced, and the agent says what is missing`,
    needsAgent: true,
    async run(world) {
      const objects = await chartObjects(release)
      take(objects)
      await installPolicyCrd(world.cluster.admin, 'standard')
      try {
        await withObjects(world, release, objects, async () => {
          await expectLog(release, says)
          await expectEnforcement(world, SETTLE_MS)
        })
      } finally {
        await removePolicyCrd(world.cluster.admin)
      }
    },
  }
}

async function withObjects({ cluster }: World, release: Release, objects: readonly ApiObject[], run: () => Promise<void>): Promise<void> {
  for (const object of objects) await cluster.admin.apply(object)
  try {
    await run()
  } finally {
    for (const object of objects) await cluster.admin.delete(object)
    await until('end of the agents', async () => (await release.pods()).length === 0)
    for (const { namespace } of cluster.nodes) exec(namespace, [PROGRAM, 'cleanup'])
  }
}

/** Pods, a namespace and a policy that come after the agents: all three have to be followed. */
async function expectEnforcement({ playground, nodes: [near, far] }: World, patienceMs: number): Promise<void> {
  const server = await playground.pod('server', { node: near.name })
  const client = await playground.pod('client', { node: far.name })
  const stranger = await playground.pod('stranger', { node: far.name })
  const namespaceSelector = { matchLabels: { 'kubernetes.io/metadata.name': playground.name } }
  await playground.policy('server', {
    podSelector: { matchLabels: { app: 'server' } }, ingress: [{ from: [{ namespaceSelector, ...appPeer('client') }] }],
  })
  await expectReach([{ from: client, to: server, outcome: 'open' }, { from: stranger, to: server, outcome: 'timeout' }], patienceMs)
}

async function expectLog(release: Release, says: RegExp): Promise<void> {
  let logs: readonly string[] = []
  await until(`line ${String(says)} in the log of each agent`, async () => {
    logs = [...(await release.logs()).values()]
    return logs.length > 0 && logs.every((log) => says.test(log))
  }).catch((cause: unknown) => {
    throw new Unexpected([`no agent said ${String(says)}, but:`, ...logs], { cause })
  })
}

async function chartObjects({ values }: Release): Promise<ApiObject[]> {
  const objects = await render(values)
  return objects.filter((object) => !isHook(object)).map((object) => structuredClone(object))
}

function changeContainer(objects: readonly ApiObject[], change: Readonly<Record<string, unknown>>): void {
  Object.assign(templateOf(find(objects, 'DaemonSet')).spec.containers[0]!.securityContext, change)
}

function takeVerb(role: ApiObject, resource: string, verb: string): void {
  const rules = (role['rules'] as readonly Rule[]).flatMap((rule) => rule.resources.map((name) => ({
    ...rule, resources: [name], verbs: rule.verbs.filter((other) => name !== resource || other !== verb),
  })))
  Object.assign(role, { rules })
}
