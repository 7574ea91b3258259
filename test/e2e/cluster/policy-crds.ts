// The definition of ClusterNetworkPolicy, as the project publishes it, in either of its channels.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import type { ApiClient } from '../api-client.ts'
import type { ApiObject } from '../resource-path.ts'
import { goModule } from './binaries.ts'
import { until } from './until.ts'

/** Releases have the definitions and the suite that goes with them. */
export const NETWORK_POLICY_API = 'sigs.k8s.io/network-policy-api@v0.3.0'
export const CHANNELS = ['standard', 'experimental'] as const
export type Channel = (typeof CHANNELS)[number]

const NAME = 'clusternetworkpolicies.policy.networking.k8s.io'
const PATH = `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${NAME}`
const TIMEOUT_MS = 30_000

interface CrdStatus {
  readonly conditions?: readonly { readonly type: string; readonly status: string }[]
}

/** Installs the definition, over that of the other channel if there is one. Returns when the API server serves it. */
export async function installPolicyCrd(admin: ApiClient, channel: Channel): Promise<void> {
  const file = join(await goModule(NETWORK_POLICY_API), 'config', 'crd', channel, 'policy.networking.k8s.io_clusternetworkpolicies.yaml')
  await admin.apply(parse(readFileSync(file, 'utf8')) as ApiObject)
  await until('ClusterNetworkPolicy', TIMEOUT_MS, async () => {
    const { conditions } = (await admin.get(PATH))['status'] as CrdStatus
    return conditions?.some(({ type, status }) => type === 'Established' && status === 'True')
  })
}

/** Removes the definition and all policies of the kind. */
export async function removePolicyCrd(admin: ApiClient): Promise<void> {
  await admin.delete({ apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', metadata: { name: NAME } })
}
