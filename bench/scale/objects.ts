// Objects of a large cluster as an API server sends them, made from numbers: the same at every run.
import { policySpec } from '../world.ts'

/** A pod of the node that is measured: its veth and addresses are those of the lab. */
export interface LocalPod {
  readonly address4: string
  readonly address6: string
}

export interface ScaleWorld {
  readonly pods: number
  readonly namespaces: number
  readonly policies: number
  readonly nodeName: string
  /** They have the first numbers. */
  readonly local: readonly LocalPod[]
}

type Json = Readonly<Record<string, unknown>>

/** Namespaces in which the local pods are, and one half of the policies. */
const BUSY = 20
const APPS = 10
const TEAMS = 20
const NODES = 5000
const ENVIRONMENT_VARIABLES = 8
const TIME = '2026-01-01T00:00:00Z'

export interface PodState {
  /** pending: no node yet; scheduled: no address yet. */
  readonly stage?: 'pending' | 'scheduled' | 'running' | 'ending'
  readonly ready?: boolean
  /** Another workload of the namespace. */
  readonly app?: number
}

/** Pod number `index`; numbers beyond the size are pods that come and go. About 5 kB, of which a tenth matters to us. */
export function podObject(world: ScaleWorld, index: number, { stage = 'running', ready = true, app = appOf(world, index) }: PodState = {}): Json {
  const namespace = namespaceOf(world, index)
  const replicaSet = `app-${app}-${hash(namespace * APPS + app, 9)}`
  return {
    kind: 'Pod',
    apiVersion: 'v1',
    metadata: {
      ...metadata(nameOf(world, index), index),
      generateName: `${replicaSet}-`,
      namespace: `ns-${namespace}`,
      ...(stage === 'ending' ? { deletionTimestamp: TIME, deletionGracePeriodSeconds: 30 } : {}),
      labels: { 'app': `app-${app}`, 'tier': app < 3 ? 'front' : 'back', 'pod-template-hash': hash(namespace * APPS + app, 9) },
      annotations: { 'prometheus.io/scrape': 'true', 'checksum/config': hash(index, 64) },
      ownerReferences: [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: replicaSet, uid: uid(namespace), controller: true, blockOwnerDeletion: true }],
      managedFields: managedFields(),
    },
    spec: podSpec(stage === 'pending' ? {} : { nodeName: nodeOf(world, index) }),
    status: podStatus(ready, stage === 'running' || stage === 'ending' ? addressesOf(world, index) : []),
  }
}

/** Numbers of all pods in the order of an API server's list: by namespace and name. */
export function podsInOrder(world: ScaleWorld): number[] {
  const keys = Array.from({ length: world.pods }, (_, index) => `ns-${namespaceOf(world, index)}/${nameOf(world, index)}`)
  return keys.map((_, index) => index).sort((a, b) => (keys[a]! < keys[b]! ? -1 : 1))
}

export function namespaceObject(index: number, team = index % TEAMS): Json {
  const name = `ns-${index}`
  const labels = { 'kubernetes.io/metadata.name': name, 'team': `team-${team}` }
  return { kind: 'Namespace', apiVersion: 'v1', metadata: { ...metadata(name, index), labels }, spec: { finalizers: ['kubernetes'] }, status: { phase: 'Active' } }
}

/** Every second one is in a namespace of local pods. @param variant another one: other peers under the same name */
export function policyObject({ namespaces }: ScaleWorld, index: number, variant = index >> 1): Json {
  const namespace = index % 2 === 0 ? (index / 2) % BUSY : BUSY + (index % (namespaces - BUSY))
  return {
    kind: 'NetworkPolicy',
    apiVersion: 'networking.k8s.io/v1',
    metadata: { ...metadata(`policy-${index}`, index), generation: 1, namespace: `ns-${namespace}` },
    spec: policySpec(variant),
  }
}

function namespaceOf({ local, namespaces }: ScaleWorld, index: number): number {
  return index < local.length ? index % BUSY : index % namespaces
}

function nameOf(world: ScaleWorld, index: number): string {
  return `app-${appOf(world, index)}-${hash(namespaceOf(world, index) * APPS + appOf(world, index), 9)}-${hash(index, 5)}`
}

function appOf({ local, namespaces }: ScaleWorld, index: number): number {
  return Math.floor(index / (index < local.length ? BUSY : namespaces)) % APPS
}

function nodeOf({ local, nodeName }: ScaleWorld, index: number): string {
  return index < local.length ? nodeName : `ip-10-0-${(index % NODES) >> 8}-${index & 255}.ec2.internal`
}

function addressesOf({ local }: ScaleWorld, index: number): string[] {
  const own = local[index]
  if (own !== undefined) return [own.address4, own.address6]
  return [`10.${128 + (index >> 16)}.${(index >> 8) & 255}.${index & 255}`]
}

function metadata(name: string, index: number): Json {
  return { name, uid: uid(index), resourceVersion: '1000', creationTimestamp: TIME }
}

function uid(index: number): string {
  const digits = hash(index, 32)
  return [digits.slice(0, 8), digits.slice(8, 12), digits.slice(12, 16), digits.slice(16, 20), digits.slice(20)].join('-')
}

/** Hexadecimal digits that look random. */
function hash(seed: number, length: number): string {
  let text = ''
  for (let word = seed + 1; text.length < length; ) {
    word = Math.imul(word ^ (word >>> 15), 0x2c1b3c6d) + 0x9e3779b9
    text += ((word ^ (word >>> 13)) >>> 0).toString(16).padStart(8, '0')
  }
  return text.slice(0, length)
}

function managedFields(): Json[] {
  const names = (prefix: string, count: number): Json => Object.fromEntries(Array.from({ length: count }, (_, index) => [`f:${prefix}${index}`, {}]))
  const common = { operation: 'Update', apiVersion: 'v1', time: TIME, fieldsType: 'FieldsV1' }
  const template = { 'f:metadata': { 'f:labels': names('label-', 4), 'f:ownerReferences': names('uid-', 1) }, 'f:spec': names('containerField', 24) }
  return [
    { ...common, manager: 'kube-controller-manager', fieldsV1: template },
    { ...common, manager: 'kubelet', subresource: 'status', fieldsV1: { 'f:status': names('conditionField', 20) } },
  ]
}

function podSpec(placed: Json): Json {
  return {
    ...placed,
    serviceAccountName: 'default',
    serviceAccount: 'default',
    restartPolicy: 'Always',
    dnsPolicy: 'ClusterFirst',
    schedulerName: 'default-scheduler',
    terminationGracePeriodSeconds: 30,
    priority: 0,
    enableServiceLinks: true,
    tolerations: ['not-ready', 'unreachable'].map((key) => ({ key: `node.kubernetes.io/${key}`, operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 300 })),
    volumes: [{ name: 'kube-api-access', projected: { sources: [{ serviceAccountToken: { expirationSeconds: 3607, path: 'token' } }], defaultMode: 420 } }],
    containers: [
      {
        name: 'main',
        image: 'registry.example.com/team/application:1.2.3',
        ports: [{ name: 'http', containerPort: 8080, protocol: 'TCP' }, { name: 'metrics', containerPort: 9090, protocol: 'TCP' }],
        env: Array.from({ length: ENVIRONMENT_VARIABLES }, (_, index) => ({ name: `SETTING_${index}`, value: `value of setting ${index}` })),
        resources: { limits: { cpu: '1', memory: '512Mi' }, requests: { cpu: '100m', memory: '128Mi' } },
        livenessProbe: { httpGet: { path: '/healthz', port: 'http', scheme: 'HTTP' }, timeoutSeconds: 1, periodSeconds: 10, failureThreshold: 3 },
        volumeMounts: [{ name: 'kube-api-access', readOnly: true, mountPath: '/var/run/secrets/kubernetes.io/serviceaccount' }],
        terminationMessagePath: '/dev/termination-log',
        imagePullPolicy: 'IfNotPresent',
      },
    ],
  }
}

function podStatus(ready: boolean, addresses: readonly string[]): Json {
  if (addresses.length === 0) return { phase: 'Pending', qosClass: 'Burstable' }
  const state = { running: { startedAt: TIME } }
  const image = { image: 'registry.example.com/team/application:1.2.3', imageID: `sha256:${'0'.repeat(64)}`, containerID: `containerd://${'0'.repeat(64)}` }
  return {
    phase: 'Running',
    conditions: ['PodReadyToStartContainers', 'Initialized', 'Ready', 'ContainersReady', 'PodScheduled'].map((type) => (
      { type, status: ready || !type.endsWith('Ready') ? 'True' : 'False', lastProbeTime: null, lastTransitionTime: TIME }
    )),
    hostIP: '192.168.0.1',
    podIP: addresses[0],
    podIPs: addresses.map((ip) => ({ ip })),
    startTime: TIME,
    qosClass: 'Burstable',
    containerStatuses: [{ name: 'main', ready, started: ready, restartCount: 0, ...image, state }],
  }
}
