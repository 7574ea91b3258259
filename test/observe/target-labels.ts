// Labels that scrapers add to each series to say where it is from, as the Prometheus operator and kubernetes_sd configurations do.
// A label of the series with such a name would be renamed to exported_… and be missed by every query, or replace the scraper's.
export const TARGET_LABELS: readonly string[] = ['namespace', 'pod', 'node', 'instance', 'job', 'container', 'service', 'endpoint']
