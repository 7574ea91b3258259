// The ways of wiring pods and Services in which vethguard is tried.
import type { Cni, ProxyMode } from './node-files.ts'

export interface Layout {
  readonly name: string
  readonly cni: Cni
  readonly proxyMode: ProxyMode
  /** The whole upstream suite runs in two layouts that differ in everything, some cases of it in the others. */
  readonly isWhole: boolean
  /** Whether the API server streams what there is (WatchList), as from Kubernetes 1.34 on by default; else it is listed in pages. */
  readonly hasWatchList: boolean
}

export const LAYOUTS: readonly Layout[] = [
  { name: 'ptp-nftables', cni: 'ptp', proxyMode: 'nftables', isWhole: true, hasWatchList: true },
  { name: 'bridge-iptables', cni: 'bridge', proxyMode: 'iptables', isWhole: true, hasWatchList: true },
  { name: 'ptp-iptables', cni: 'ptp', proxyMode: 'iptables', isWhole: false, hasWatchList: false },
  { name: 'bridge-nftables', cni: 'bridge', proxyMode: 'nftables', isWhole: false, hasWatchList: true },
]

/** @param names separated by commas @throws Error for one that is not there */
export function layoutsNamed(names: string): Layout[] {
  return names.split(',').map((name) => {
    const layout = LAYOUTS.find((candidate) => candidate.name === name)
    if (layout === undefined) throw new Error(`no layout ${name}; there are ${LAYOUTS.map((candidate) => candidate.name).join(', ')}`)
    return layout
  })
}
