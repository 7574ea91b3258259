// What containerd, CNI, kubelet and kube-proxy of one node are told.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ClusterNode } from './cluster-node.ts'

/** How pods are wired: `ptp` routes to each veth, `bridge` has the veths as ports of cni0. */
export type Cni = 'bridge' | 'ptp'
export type ProxyMode = 'iptables' | 'nftables'

export interface NodeFilesOptions {
  readonly node: ClusterNode
  readonly folder: string
  readonly cni: Cni
  readonly proxyMode: ProxyMode
  readonly proxyKubeconfig: string
  readonly authorityFile: string
  readonly pauseImage: string
  /** Parent of all containers' cgroups, without slashes. */
  readonly cgroup: string
}

const POD_RANGES = '10.244.0.0/16,fd00:244::/48'
const CNI_PROGRAMS = '/usr/lib/cni'
const DNS_SERVICE = '10.96.0.10'

export function writeNodeFiles(options: NodeFilesOptions): void {
  const { folder } = options
  mkdirSync(join(folder, 'cni'), { recursive: true })
  writeFileSync(join(folder, 'containerd.toml'), containerdToml(options))
  writeJson(join(folder, 'cni', '10-pods.conflist'), cniConfig(options))
  writeJson(join(folder, 'kubelet.json'), kubeletConfig(options))
  writeJson(join(folder, 'kube-proxy.json'), proxyConfig(options))
}

export function containerdSocket(folder: string): string {
  return join(folder, 'containerd.sock')
}

function containerdToml({ folder, pauseImage }: NodeFilesOptions): string {
  return `version = 2
root = "${folder}/containerd"
state = "${folder}/containerd-state"
[grpc]
  address = "${containerdSocket(folder)}"
[ttrpc]
  address = "${containerdSocket(folder)}.ttrpc"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "${pauseImage}"
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "${CNI_PROGRAMS}"
    conf_dir = "${folder}/cni"
`
}

function cniConfig({ node, folder, cni }: NodeFilesOptions): object {
  const ipam = {
    type: 'host-local',
    dataDir: join(folder, 'ipam'),
    ranges: [[{ subnet: node.podRange4 }], [{ subnet: node.podRange6 }]],
    routes: [{ dst: '0.0.0.0/0' }, { dst: '::/0' }],
  }
  const bridge = { type: 'bridge', bridge: 'cni0', isGateway: true, hairpinMode: true, ipam }
  return {
    cniVersion: '0.4.0',
    name: 'pods',
    plugins: [cni === 'bridge' ? bridge : { type: 'ptp', ipam }, { type: 'portmap', capabilities: { portMappings: true } }],
  }
}

/** kubelet does without the control of cgroups, swap and disk space that a test machine may not offer. */
function kubeletConfig({ folder, authorityFile, cgroup }: NodeFilesOptions): object {
  return {
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    containerRuntimeEndpoint: `unix://${containerdSocket(folder)}`,
    authentication: { anonymous: { enabled: false }, webhook: { enabled: true }, x509: { clientCAFile: authorityFile } },
    authorization: { mode: 'Webhook' },
    clusterDNS: [DNS_SERVICE],
    clusterDomain: 'cluster.local',
    resolvConf: '',
    maxPods: 250,
    podLogsDir: join(folder, 'pod-logs'),
    syncFrequency: '10s',
    makeIPTablesUtilChains: false,
    cgroupDriver: 'cgroupfs',
    cgroupRoot: `/${cgroup}`,
    cgroupsPerQOS: false,
    enforceNodeAllocatable: [],
    failCgroupV1: false,
    failSwapOn: false,
    localStorageCapacityIsolation: false,
    imageGCHighThresholdPercent: 100,
    evictionHard: { 'memory.available': '1Mi', 'nodefs.available': '0%', 'nodefs.inodesFree': '0%', 'imagefs.available': '0%' },
  }
}

function proxyConfig({ node, proxyMode, proxyKubeconfig }: NodeFilesOptions): object {
  return {
    apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
    kind: 'KubeProxyConfiguration',
    clientConnection: { kubeconfig: proxyKubeconfig },
    hostnameOverride: node.name,
    mode: proxyMode,
    clusterCIDR: POD_RANGES,
    conntrack: { maxPerCore: 0, min: 0, tcpEstablishedTimeout: '0s', tcpCloseWaitTimeout: '0s' }, // these are sysctls of the whole machine
    nftables: { minSyncPeriod: '100ms' },
  }
}

function writeJson(file: string, content: object): void {
  writeFileSync(file, JSON.stringify(content, undefined, 2))
}
