// Asks an API server whether it serves ClusterNetworkPolicies, and in which version.
import { ApiServerError } from '../base/errors.ts'
import { isRecord } from '../cluster/fields.ts'
import { readBody } from './read-body.ts'
import { malformed } from './reflector/watch-events.ts'
import type { RequestOptions, Transport } from './transport.ts'

const GROUP_PATH = '/apis/policy.networking.k8s.io'
const RESOURCE = 'clusternetworkpolicies'
/** In order of preference. They have the same fields. */
const VERSIONS = ['v1beta1', 'v1alpha2'] as const

export type ClusterPolicyVersion = (typeof VERSIONS)[number]

export function clusterPolicyPath(version: ClusterPolicyVersion): string {
  return `${GROUP_PATH}/${version}/${RESOURCE}`
}

/**
 * @returns undefined if the server says that it serves no version that is known here
 * @throws what Transport.get throws, but for 404; VethguardError SOURCE_UNREADABLE if the answer is not JSON
 */
export async function findClusterPolicies(transport: Transport, options: RequestOptions): Promise<ClusterPolicyVersion | undefined> {
  const group = await getIfThere(transport, GROUP_PATH, options)
  const served = group === undefined ? new Set() : namesIn(group, 'versions', 'version')
  for (const version of VERSIONS.filter((each) => served.has(each))) {
    const resources = await getIfThere(transport, `${GROUP_PATH}/${version}`, options)
    if (resources !== undefined && namesIn(resources, 'resources', 'name').has(RESOURCE)) return version
  }
  return undefined
}

/** @returns undefined if the server answers 404 */
async function getIfThere(transport: Transport, path: string, options: RequestOptions): Promise<unknown> {
  try {
    return parse(await readBody(await transport.get(path, options)))
  } catch (error) {
    if (error instanceof ApiServerError && error.status === 404) return undefined
    throw error
  }
}

/**
 * Returns the values of one field in the objects of a list.
 * @throws VethguardError SOURCE_UNREADABLE if there is no list: then the document says nothing about what is served
 */
function namesIn(document: unknown, list: string, field: string): ReadonlySet<unknown> {
  const entries: unknown = isRecord(document) ? document[list] : undefined
  if (!Array.isArray(entries)) throw malformed(`the API server sent a discovery document without ${list}`)
  return new Set(entries.filter(isRecord).map((entry) => entry[field]))
}

function parse(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8')) as unknown
  } catch (cause) {
    throw malformed('the API server sent a discovery document that is not JSON', { cause })
  }
}
