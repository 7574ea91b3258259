// What docs/metrics.md has for Prometheus: queries, and the scrape configuration for a Prometheus without the operator.
import { readFileSync } from 'node:fs'
import { parse } from 'yaml'

const DOC = readFileSync(new URL('../../docs/metrics.md', import.meta.url), 'utf8')
const CONFIG = /^ {4}scrape_configs:\n(?: {5,}.*\n)+/m

interface ScrapeConfig {
  readonly kubernetes_sd_configs: readonly object[]
}

export const DOC_QUERIES = Array.from(DOC.replace(CONFIG, '').matchAll(/^ {4}([^#\s].*)$/gm), ([, query = '']) => query)

/** The document's configuration, with what a test needs besides: a way to the API server, and a shorter interval. */
export function docScrapeConfig({ kubeconfig, interval }: { kubeconfig: string; interval: string }): object {
  const { scrape_configs: [config] } = parse(CONFIG.exec(DOC)![0]) as { scrape_configs: [ScrapeConfig] }
  return {
    ...config,
    scrape_interval: interval,
    kubernetes_sd_configs: config.kubernetes_sd_configs.map((discovery) => ({ ...discovery, kubeconfig_file: kubeconfig })),
  }
}
