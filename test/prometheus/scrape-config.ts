// What the Prometheus operator makes of a PodMonitor: a scrape configuration. Only what the chart's has; anything else is refused.
import type { ApiObject } from '../e2e/resource-path.ts'

interface Endpoint {
  readonly port: string
  readonly path: string
  readonly interval: string
  readonly relabelings: readonly { readonly sourceLabels: readonly string[]; readonly targetLabel: string }[]
}
interface PodMonitorSpec {
  readonly namespaceSelector: { readonly matchNames: readonly string[] }
  readonly selector: { readonly matchLabels: Readonly<Record<string, string>> }
  readonly podMetricsEndpoints: readonly Endpoint[]
}

const POD = '__meta_kubernetes_pod'

/** @param interval in place of the PodMonitor's, which is too long for a test @throws Error for fields that are not translated here */
export function scrapeConfigOf(monitor: ApiObject, { kubeconfig, interval }: { kubeconfig: string; interval: string }): object {
  const { namespaceSelector, selector, podMetricsEndpoints: [endpoint, ...more], ...unknown } = monitor['spec'] as PodMonitorSpec
  if (endpoint === undefined || more.length > 0 || Object.keys(unknown).length > 0) throw new Error('the PodMonitor has more than is known here')
  const { port, path, relabelings, ...rest } = endpoint
  const others = Object.keys(rest).filter((field) => field !== 'interval')
  if (others.length > 0) throw new Error(`not known here: ${others.join()}`)
  return {
    job_name: `podMonitor/${monitor.metadata.namespace}/${monitor.metadata.name}/0`,
    scrape_interval: interval,
    metrics_path: path,
    kubernetes_sd_configs: [{ role: 'pod', kubeconfig_file: kubeconfig, namespaces: { names: namespaceSelector.matchNames } }],
    relabel_configs: [
      ...Object.entries(selector.matchLabels).map(([label, value]) => keep(`${POD}_label_${label.replaceAll(/[^a-zA-Z0-9_]/g, '_')}`, value)),
      keep(`${POD}_container_port_name`, port),
      copy('__meta_kubernetes_namespace', 'namespace'),
      copy(`${POD}_container_name`, 'container'),
      copy(`${POD}_name`, 'pod'),
      { target_label: 'job', replacement: `${monitor.metadata.namespace}/${monitor.metadata.name}` },
      { target_label: 'endpoint', replacement: port },
      ...relabelings.map(({ sourceLabels, targetLabel }) => ({ source_labels: sourceLabels, target_label: targetLabel })),
    ],
  }
}

function keep(label: string, value: string): object {
  return { action: 'keep', source_labels: [label], regex: value.replaceAll('.', '\\.') }
}

function copy(from: string, to: string): object {
  return { source_labels: [from], target_label: to }
}
