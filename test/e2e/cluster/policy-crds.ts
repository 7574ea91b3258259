// The definition of ClusterNetworkPolicy, as the project publishes it: of any release, in either of its channels.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { type ApiClient, ApiError } from '../api-client.ts'
import type { ApiObject } from '../resource-path.ts'
import { goModule } from './binaries.ts'
import { until } from './until.ts'

const MODULE = 'sigs.k8s.io/network-policy-api'
/** Releases have the definitions and the suite that goes with them. */
const RELEASE = 'v0.3.0'
export const NETWORK_POLICY_API = `${MODULE}@${RELEASE}`
export const CHANNELS = ['standard', 'experimental'] as const
export type Channel = (typeof CHANNELS)[number]

const NAME = 'clusternetworkpolicies.policy.networking.k8s.io'
const PATH = `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${NAME}`

interface Definition extends ApiObject {
  readonly spec: { readonly versions: readonly { readonly name: string; readonly served: boolean }[] }
}

interface CrdStatus {
  readonly conditions?: readonly { readonly type: string; readonly status: string }[]
}

export interface CrdOptions {
  readonly release?: string
  /** Versions that are defined, and not served. */
  readonly withoutVersions?: readonly string[]
}

/** Installs the definition, over any other that there is. Returns when the API server serves it. */
export async function installPolicyCrd(admin: ApiClient, channel: Channel, { release = RELEASE, withoutVersions = [] }: CrdOptions = {}): Promise<void> {
  const file = join(await goModule(`${MODULE}@${release}`), 'config', 'crd', channel, 'policy.networking.k8s.io_clusternetworkpolicies.yaml')
  const definition = parse(readFileSync(file, 'utf8')) as Definition
  const versions = definition.spec.versions.map((version) => (withoutVersions.includes(version.name) ? { ...version, served: false } : version))
  await admin.apply({ ...definition, spec: { ...definition.spec, versions } })
  await until('ClusterNetworkPolicy', async () => {
    const { conditions } = (await admin.get(PATH))['status'] as CrdStatus
    return conditions?.some(({ type, status }) => type === 'Established' && status === 'True')
  })
}

/** Removes the definition and all policies of the kind. Returns when they are gone: until then it could not be installed again. */
export async function removePolicyCrd(admin: ApiClient): Promise<void> {
  await admin.delete({ apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', metadata: { name: NAME } })
  await until('end of ClusterNetworkPolicy', () => admin.get(PATH).then(() => false, (error: unknown) => error instanceof ApiError && error.status === 404))
}
