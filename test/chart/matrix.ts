// Sets of values that between them reach every branch of the templates.
import type { Values } from './helm.ts'

const MONITORING = { podMonitor: { enabled: true }, prometheusRule: { enabled: true }, dashboard: { enabled: true } }

export const MATRIX: Readonly<Record<string, Values>> = {
  'nothing said': {},
  'metrics on the address of the node, monitoring': { listen: '$(HOST_IP):9611', ...MONITORING },
  'metrics on all addresses, everything labelled': {
    listen: ':9700',
    podMonitor: { enabled: true, interval: '15s', labels: { release: 'monitoring' } },
    prometheusRule: { enabled: true, labels: { release: 'monitoring' }, runbookUrl: 'https://runbooks.example/vethguard' },
    dashboard: { enabled: true, labels: { grafana: 'yes' }, annotations: { grafana_folder: 'Network' } },
    labels: { team: 'network' },
    annotations: { contact: 'network@example.com' },
    podLabels: { scrape: 'yes' },
    podAnnotations: { checksum: '1' },
  },
  'IPv6 only': { listen: '[fd00::7]:9611', ...MONITORING, serviceCidrs: ['fd00:10:96::/112'] },
  'all IPv6 addresses': { listen: '[::]:9611' },
  'no address': { listen: 'off' },
  'a folder of manifests': { source: '/manifests' },
  'every setting but source other than by default': {
    kubeconfig: '/etc/kubernetes/agent.conf', backend: 'nft', spoofGuard: false, tunnels: 'udp/8472,ip/47', logLevel: 'trace',
    listen: '127.0.0.1:19611', metricsPolicyLabels: 1_000_000, dryRun: true, events: true, clusterNetworkPolicies: false,
    serviceCidrs: ['10.96.0.0/16', 'fd00:10:96::/112'], compareSeconds: 3600,
  },
  'switches as words': { spoofGuard: 'off', dryRun: 'on', events: 'on', clusterNetworkPolicies: 'off', metricsPolicyLabels: 'off' },
  'pods to taste': {
    priorityClassName: '', resources: { limits: { memory: '1Gi' } }, nodeSelector: { pool: 'a' }, tolerations: [], maxUnavailable: '10%',
    affinity: {
      nodeAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: {
          nodeSelectorTerms: [{ matchExpressions: [{ key: 'virtual', operator: 'DoesNotExist' }] }],
        },
      },
    },
    extraEnv: [{ name: 'KUBERNETES_SERVICE_HOST', value: '10.0.0.1' }],
    extraVolumes: [{ name: 'kubernetes', hostPath: { path: '/etc/kubernetes' } }],
    extraVolumeMounts: [{ name: 'kubernetes', mountPath: '/etc/kubernetes', readOnly: true }],
    imagePullSecrets: [{ name: 'registry' }],
  },
  'image by digest': { image: { repository: 'registry.example/vethguard', digest: `sha256:${'0'.repeat(64)}` } },
  'image by tag': { image: { repository: 'localhost:5000/vethguard', tag: 'dev', pullPolicy: 'Never' } },
  'other names': { fullnameOverride: 'policies', nameOverride: 'guard', serviceAccount: { annotations: { a: 'b' } } },
  'rights by others': { serviceAccount: { create: false, name: 'mine' }, rbac: { create: false } },
  'no cleanup': { cleanup: { enabled: false } },
  'tests on nodes with taints': { tests: { tolerations: [{ operator: 'Exists', effect: 'NoSchedule' }] } },
}
