// ClusterNetworkPolicy (policy.networking.k8s.io) as an API server or a manifest has it -> ClusterPolicy. v1alpha2 and v1beta1 have
// the same fields. Whatever is wrong fails closed: what cannot be read accepts nothing, and denies what it could have denied.
import type { Problem } from '../cluster/change.ts'
import { type Place, field, hasOnly, isMissing, isObject, quote, report, rootPlace } from '../cluster/fields.ts'
import { readObjectName } from '../cluster/identity.ts'
import { clusterPolicyKey } from '../cluster/objects.ts'
import { shortList } from './crd-fields.ts'
import { DENY_ALL, readClusterRule } from './read-cluster-rule.ts'
import { EVERY_POD, readSubject } from './read-subject.ts'
import type { ClusterPolicy, ClusterRule, Direction, Tier } from './types.ts'

const OBJECT_FIELDS = new Set(['apiVersion', 'kind', 'metadata', 'spec', 'status'])
const SPEC_FIELDS = new Set(['tier', 'priority', 'subject', 'ingress', 'egress'])
const TIERS: ReadonlySet<unknown> = new Set<Tier>(['Admin', 'Baseline'])
const LAST_PRIORITY = 1000

/** Where a policy stands among others. */
type Rank = Pick<ClusterPolicy, 'tier' | 'priority'>
const FIRST: Rank = { tier: 'Admin', priority: 0 }
const WITHOUT_RULES = { ...FIRST, subject: EVERY_POD, ingress: [], egress: [] }

const CLOSED = 'the Accept rules of this policy match nothing, and its Pass rules deny'
const CLOSED_AND_FIRST = `${CLOSED}; it comes first in tier Admin`
const CLOSED_FOR_ALL = `${CLOSED}; whatever of its subject cannot be read selects everything`

/**
 * Reads a ClusterNetworkPolicy.
 * @param object as parsed from JSON or YAML
 * @returns the policy (undefined only if the input is not an object), and everything that is wrong with it
 */
export function readClusterPolicy(object: unknown): { policy: ClusterPolicy | undefined; problems: Problem[] } {
  const root = rootPlace(object, CLOSED)
  const policy = isObject(root) ? readObject(root) : undefined
  const of = policy === undefined ? { object: 'ClusterNetworkPolicy' } : { object: `ClusterNetworkPolicy ${policy.name}`, policy: policy.key }
  return { policy, problems: root.findings.map((finding) => ({ ...of, ...finding })) }
}

function readObject(root: Place): ClusterPolicy {
  const name = readObjectName(root)
  const identity = { key: clusterPolicyKey(name), name }
  const understood = hasOnly(root, OBJECT_FIELDS)
  const spec = field(root, 'spec')
  return { ...identity, ...(isObject({ ...spec, consequence: 'this policy has no rules' }) ? readSpec(spec, understood) : WITHOUT_RULES) }
}

function readSpec(spec: Place, understood: boolean): Omit<ClusterPolicy, 'key' | 'name'> {
  const known = hasOnly(spec, SPEC_FIELDS)
  const rank = readRank(spec)
  const { subject, isWhole } = readSubject(field(spec, 'subject', CLOSED_FOR_ALL))
  const isSound = understood && known && rank !== null && isWhole
  const rules = (direction: Direction) => readRules(spec, direction).map((rule) => (isSound ? rule : closed(rule)))
  return { ...(rank ?? FIRST), subject, ingress: rules('ingress'), egress: rules('egress') }
}

/** null (reported) if tier or priority cannot be read. */
function readRank(spec: Place): Rank | null {
  const tier = readTier(field(spec, 'tier', CLOSED_AND_FIRST))
  const priority = readPriority(field(spec, 'priority', CLOSED_AND_FIRST))
  return tier === null || priority === null ? null : { tier, priority }
}

function readTier(place: Place): Tier | null {
  if (TIERS.has(place.value)) return place.value as Tier
  return report(place, isMissing(place) ? 'missing' : `${quote(place.value)} is not Admin or Baseline`)
}

function readPriority(place: Place): number | null {
  const { value } = place
  if (isMissing(place)) return report(place, 'missing')
  const isPriority = typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= LAST_PRIORITY
  return isPriority ? value : report(place, `${quote(value)} is not a priority (0 to ${LAST_PRIORITY})`)
}

function readRules(spec: Place, direction: Direction): ClusterRule[] {
  const rules = shortList(field(spec, direction, `this policy denies all ${direction} of its subject`), 'this rule denies everything')
  return rules?.map((rule) => readClusterRule(rule, direction)) ?? [DENY_ALL]
}

/** The rule of a policy of which something else was not understood. */
function closed(rule: ClusterRule): ClusterRule {
  return rule.action === 'Accept' ? { ...rule, peers: [], ports: [] } : { ...rule, action: 'Deny' }
}
