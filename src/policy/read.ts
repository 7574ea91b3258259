// NetworkPolicy v1 as an API server or a manifest has it -> Policy. Whatever is wrong fails closed in the smallest piece that
// holds it: an entry matches nothing, a rule allows nothing, a selector of targets selects all and allows them nothing (its
// rules were not meant for all of them, and could open what another policy closes).
import type { Problem } from '../cluster/change.ts'
import { type Place, field, hasOnly, isMissing, isObject, items, quote, report, rootPlace } from '../cluster/fields.ts'
import { readIdentity } from '../cluster/identity.ts'
import { policyKey } from '../cluster/objects.ts'
import { limited } from './limits.ts'
import { readPeer } from './read-peer.ts'
import { readPort } from './read-port.ts'
import { readSelector } from './read-selector.ts'
import { EVERYTHING } from './selector.ts'
import type { Direction, Policy, Rule, Selector } from './types.ts'

const OBJECT_FIELDS = new Set(['apiVersion', 'kind', 'metadata', 'spec', 'status'])
const SPEC_FIELDS = new Set(['podSelector', 'policyTypes', 'ingress', 'egress'])
const PEERS = { ingress: 'from', egress: 'to' } as const
const RULE_FIELDS = { ingress: new Set(['from', 'ports']), egress: new Set(['to', 'ports']) }
const NOTHING: Rule = { peers: [], ports: [] }

const BOTH_ISOLATED = 'the selected pods are isolated in both directions'
const ALL_DENIED = 'every pod of the namespace is selected, and nothing is allowed by this policy'

/**
 * Reads a networking.k8s.io/v1 NetworkPolicy, with the defaults of the API server.
 * @param object as parsed from JSON or YAML
 * @returns the policy (undefined only if the input is no object at all), and everything that is wrong with it
 */
export function readPolicy(object: unknown): { policy: Policy | undefined; problems: Problem[] } {
  const root = rootPlace(object, BOTH_ISOLATED)
  const policy = isObject(root) ? readObject(root) : undefined
  const of = policy === undefined ? { object: 'NetworkPolicy' } : { object: `NetworkPolicy ${policy.key}`, policy: policy.key }
  return { policy, problems: root.findings.map((finding) => ({ ...of, ...finding })) }
}

function readObject(root: Place): Policy {
  const identity = readIdentity(root)
  const spec = field(root, 'spec')
  const sound = checkSpec(spec)
  const understood = [hasOnly(root, OBJECT_FIELDS), hasOnly(spec, SPEC_FIELDS), sound].every(Boolean)
  const isolates = readPolicyTypes(spec, understood)
  const targets = readTargets(field(spec, 'podSelector', ALL_DENIED), understood)
  const rules = (direction: Direction) => (targets === null ? [] : readRules(spec, direction))
  return limited(root, {
    key: policyKey(identity),
    ...identity,
    podSelector: targets ?? EVERYTHING,
    ingress: isolates.ingress ? rules('ingress') : undefined,
    egress: isolates.egress ? rules('egress') : undefined,
  })
}

function checkSpec(spec: Place): boolean {
  if (!isMissing(spec)) return isObject(spec)
  report(spec, 'missing', 'as on an API server, no pod of the namespace may be reached')
  return true
}

/** Missing is `{}`, but not beside a field that is not understood: that may be the misspelt one. */
function readTargets(place: Place, understood: boolean): Selector | null {
  if (!isMissing(place)) return readSelector(place)
  return understood ? EVERYTHING : report(place, 'missing beside an error that may be about it')
}

/** Missing types are Ingress, and Egress if there are egress rules (defaults.go SetDefaults_NetworkPolicy). */
function readPolicyTypes(spec: Place, understood: boolean): Record<Direction, boolean> {
  const types = readTypes(field(spec, 'policyTypes'))
  if (!understood || types === null) return { ingress: true, egress: true }
  if (types.length > 0) return { ingress: types.includes('Ingress'), egress: types.includes('Egress') }
  const egress = field(spec, 'egress')
  return { ingress: true, egress: !isMissing(egress) && !(Array.isArray(egress.value) && egress.value.length === 0) }
}

function readTypes(place: Place): unknown[] | null {
  const entries = items(place)
  const wrong = entries?.filter(({ value }) => value !== 'Ingress' && value !== 'Egress') ?? []
  for (const entry of wrong) report(entry, `${quote(entry.value)} is not Ingress or Egress`)
  return wrong.length === 0 && entries !== null ? entries.map(({ value }) => value) : null
}

function readRules(spec: Place, direction: Direction): Rule[] {
  const place = field(spec, direction, `no ${direction} is allowed by this policy`)
  return items(place, 'this rule allows nothing')?.map((rule) => readRule(rule, direction)) ?? []
}

/** A rule that cannot be read stays in the list, so that the others keep their numbers. */
function readRule(place: Place, direction: Direction): Rule {
  if (!isObject(place)) return NOTHING
  const understood = hasOnly(place, RULE_FIELDS[direction])
  const peers = readEntries(field(place, PEERS[direction]), 'this peer matches nothing', readPeer)
  const ports = readEntries(field(place, 'ports'), 'this port matches nothing', readPort)
  return understood && peers !== null && ports !== null ? { peers, ports } : NOTHING
}

/** A missing list and `[]` are both 'any'; a list of which no entry could be read matches nothing. */
function readEntries<Entry>(place: Place, consequence: string, read: (place: Place) => Entry | null): Entry[] | 'any' | null {
  const entries = items(place, consequence)
  if (entries === null) return null
  return entries.length === 0 ? 'any' : entries.map(read).filter((entry) => entry !== null)
}
