// A child process that streams pods as an API server does: `node fake-pods.ts PODS` prints its port, and serves WatchList.
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import process from 'node:process'

const PODS = Number(process.argv[2] ?? 150_000)
const NAMESPACES = Math.ceil(PODS / 30)
const POLICIES = 2000
const CONTAINER_ENV = 12

const server = createServer((request, response) => {
  const { pathname } = new URL(request.url ?? '', 'http://localhost')
  response.writeHead(200, { 'content-type': 'application/json' })
  void stream(response, pathname.slice(pathname.lastIndexOf('/') + 1))
})
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port))
process.on('disconnect', () => process.exit())

async function stream(response: ServerResponse, resource: string): Promise<void> {
  const lines = { pods: [PODS, pod], namespaces: [NAMESPACES, namespace], networkpolicies: [POLICIES, policy] } as const
  const [count, make] = lines[resource as keyof typeof lines]
  for (let index = 0; index < count; index += 20) {
    const chunk = Array.from({ length: Math.min(20, count - index) }, (_, offset) => event('ADDED', make(index + offset)))
    if (!response.write(chunk.join(''))) await new Promise((resolve) => response.once('drain', resolve))
  }
  const annotations = { 'k8s.io/initial-events-end': 'true' }
  response.write(event('BOOKMARK', { metadata: { resourceVersion: '1000', annotations } }))
}

function event(type: string, object: object): string {
  return `${JSON.stringify({ type, object })}\n`
}

function namespace(index: number): object {
  const name = `ns-${index}`
  return { kind: 'Namespace', apiVersion: 'v1', metadata: { ...metadata(name, index), labels: { 'kubernetes.io/metadata.name': name } } }
}

function policy(index: number): object {
  const spec = {
    podSelector: { matchLabels: { app: `app-${index % 10}` } },
    ingress: [{ from: [{ podSelector: { matchLabels: { app: 'app-1' } } }], ports: [{ protocol: 'TCP', port: 80 }] }],
    policyTypes: ['Ingress'],
  }
  return { kind: 'NetworkPolicy', metadata: { ...metadata(`policy-${index}`, index), namespace: `ns-${index}` }, spec }
}

function metadata(name: string, index: number): object {
  const creationTimestamp = '2026-01-01T00:00:00Z'
  return { name, uid: `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`, resourceVersion: '900', creationTimestamp }
}

/** As `kubectl get --raw` shows a pod of a Deployment: 7 kB, most of it of no concern here. */
function pod(index: number): object {
  const namespaceIndex = index % NAMESPACES
  const app = `app-${Math.floor(index / NAMESPACES) % 10}`
  const hash = `${namespaceIndex.toString(36)}${app}`
  const ip = `10.${128 + (index >> 16)}.${(index >> 8) & 255}.${index & 255}`
  const node = `node-${index % 1000}`
  return {
    kind: 'Pod',
    apiVersion: 'v1',
    metadata: {
      ...metadata(`${app}-${hash}-${index}`, index),
      generateName: `${app}-${hash}-`,
      namespace: `ns-${namespaceIndex}`,
      labels: { app, 'pod-template-hash': hash, 'app.kubernetes.io/instance': `release-${namespaceIndex}`, 'tier': 'back' },
      annotations: { 'prometheus.io/scrape': 'true', 'checksum/config': 'd2a84f4b8b650937ec8f73cd8be2c74add5a911ba64df27458ed8229da804a26' },
      ownerReferences: [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: `${app}-${hash}`, uid: 'x'.repeat(36), controller: true }],
      managedFields: managedFields(),
    },
    spec: spec(node),
    status: status(ip),
  }
}

function managedFields(): object[] {
  const entry = (prefix: string): object => Object.fromEntries(Array.from({ length: 14 }, (_, index) => [`f:${prefix}${index}`, { '.': {}, 'f:name': {}, 'f:value': {} }]))
  const common = { operation: 'Update', apiVersion: 'v1', time: '2026-01-01T00:00:00Z', fieldsType: 'FieldsV1' }
  return [
    { ...common, manager: 'kube-controller-manager', fieldsV1: { 'f:metadata': entry('label'), 'f:spec': entry('container') } },
    { ...common, manager: 'kubelet', subresource: 'status', fieldsV1: { 'f:status': entry('condition') } },
  ]
}

function spec(nodeName: string): object {
  return {
    nodeName,
    serviceAccountName: 'default',
    terminationGracePeriodSeconds: 30,
    tolerations: ['not-ready', 'unreachable'].map((key) => ({ key: `node.kubernetes.io/${key}`, operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 300 })),
    volumes: [{ name: 'kube-api-access', projected: { sources: [{ serviceAccountToken: { expirationSeconds: 3607, path: 'token' } }], defaultMode: 420 } }],
    containers: [
      {
        name: 'main',
        image: 'registry.example.com/team/application:1.2.3',
        ports: [{ name: 'http', containerPort: 8080, protocol: 'TCP' }, { name: 'metrics', containerPort: 9090, protocol: 'TCP' }],
        env: Array.from({ length: CONTAINER_ENV }, (_, index) => ({ name: `SETTING_${index}`, value: `value of setting ${index}` })),
        resources: { limits: { cpu: '1', memory: '512Mi' }, requests: { cpu: '100m', memory: '128Mi' } },
        livenessProbe: { httpGet: { path: '/healthz', port: 'http', scheme: 'HTTP' }, timeoutSeconds: 1, periodSeconds: 10, failureThreshold: 3 },
        volumeMounts: [{ name: 'kube-api-access', readOnly: true, mountPath: '/var/run/secrets/kubernetes.io/serviceaccount' }],
      },
    ],
  }
}

function status(ip: string): object {
  const time = '2026-01-01T00:00:00Z'
  return {
    phase: 'Running',
    conditions: ['PodReadyToStartContainers', 'Initialized', 'Ready', 'ContainersReady', 'PodScheduled'].map((type) => ({ type, status: 'True', lastProbeTime: null, lastTransitionTime: time })),
    hostIP: '192.168.0.1',
    podIP: ip,
    podIPs: [{ ip }],
    startTime: time,
    qosClass: 'Burstable',
    containerStatuses: [
      { name: 'main', ready: true, restartCount: 0, image: 'registry.example.com/team/application:1.2.3', imageID: `sha256:${'0'.repeat(64)}`, containerID: `containerd://${'0'.repeat(64)}`, state: { running: { startedAt: time } } },
    ],
  }
}
