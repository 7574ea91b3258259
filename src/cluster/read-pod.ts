// core/v1 Pod -> the few fields that decide about packets. What cannot be read makes the pod faulty: it is denied everything.
import { type Address, parseAddress } from './address.ts'
import type { PodChange, Problem } from './change.ts'
import { type Place, field, isMissing, isObject, items, quote, report, rootPlace, text, textFields } from './fields.ts'
import { type Identity, readIdentity } from './identity.ts'
import { type Labels, type Pod, podKey } from './objects.ts'
import { readNamedPorts } from './read-container-ports.ts'

const FAULTY = 'the pod is denied everything'
const PHASES: ReadonlyMap<string, Pod['phase']> = new Map([['', 'Pending'], ['Pending', 'Pending'], ['Running', 'Running']])
const TERMINAL: ReadonlySet<unknown> = new Set(['Succeeded', 'Failed'])

/** The change that an object's appearance means; undefined only if the input is no object at all. */
export interface ChangeReading<C> {
  readonly change: C | undefined
  readonly problems: Problem[]
}

/**
 * Reads a Pod. In phase Succeeded or Failed it is gone: its address may already belong to another pod.
 * @param object as parsed from JSON or YAML
 */
export function readPod(object: unknown): ChangeReading<PodChange> {
  const root = rootPlace(object, FAULTY)
  if (!isObject(root)) return { change: undefined, problems: problemsOf(root, { object: 'Pod' }) }
  const identity = readIdentity(root)
  const named = root.findings.length === 0
  const key = podKey(identity)
  const phase = field(field(root, 'status'), 'phase')
  if (TERMINAL.has(phase.value)) return { change: { kind: 'pod', key, now: undefined }, problems: [] }
  const now = readFields(root, identity, named)
  return { change: { kind: 'pod', key, now }, problems: problemsOf(root, { object: `Pod ${key}`, pod: key }) }
}

function readFields(root: Place, { namespace, name }: Identity, named: boolean): Pod {
  const spec = field(root, 'spec')
  const status = field(root, 'status')
  const uid = text(field(field(root, 'metadata'), 'uid'))
  const labels = readLabels(field(field(root, 'metadata'), 'labels'))
  const nodeName = text(field(spec, 'nodeName'))
  const hostNetwork = readFlag(field(spec, 'hostNetwork'))
  const addresses = readAddresses(status)
  const phase = readPhase(field(status, 'phase'))
  const sound = [uid, labels, nodeName, hostNetwork, phase, ...addresses].every((value) => value !== null)
  // Every field by name: an object that begins with a spread takes half as much memory again, and there may be 150,000.
  return {
    namespace,
    name,
    uid: uid ?? '',
    labels: labels ?? {},
    nodeName: nodeName ?? '',
    addresses: [...new Set(addresses.filter((address) => address !== null))],
    hostNetwork: hostNetwork ?? false,
    phase: phase ?? 'Unknown',
    terminating: !isMissing(field(field(root, 'metadata'), 'deletionTimestamp')),
    ports: readNamedPorts(spec),
    faulty: !sound || !named,
  }
}

/** Labels of any object; null (reported) if one of them is no string. */
export function readLabels(place: Place): Labels | null {
  const entries = textFields(place)
  return entries === null ? null : Object.fromEntries(entries)
}

/** status.podIPs, and status.podIP for objects that have only that; null for each that is no address (reported). */
function readAddresses(status: Place): (Address | null)[] {
  const entries = items(field(status, 'podIPs'))?.map((entry) => readAddress(field(entry, 'ip'))) ?? [null]
  const single = field(status, 'podIP')
  return isMissing(single) || single.value === '' ? entries : [...entries, readAddress(single)]
}

function readAddress(place: Place): Address | null {
  const address = typeof place.value === 'string' ? parseAddress(place.value) : undefined
  return address ?? report(place, `${quote(place.value)} is no IP address`)
}

function readFlag(place: Place): boolean | null {
  if (isMissing(place)) return false
  return typeof place.value === 'boolean' ? place.value : report(place, `${quote(place.value)} is neither true nor false`)
}

/** A pod without a phase has just been made. A phase of the future is a live one: only Succeeded and Failed are ends. */
function readPhase(place: Place): Pod['phase'] | null {
  const phase = text(place)
  return phase === null ? null : (PHASES.get(phase ?? '') ?? 'Unknown')
}

function problemsOf(root: Place, of: Pick<Problem, 'object' | 'pod'>): Problem[] {
  return root.findings.map((finding) => ({ ...of, ...finding }))
}
