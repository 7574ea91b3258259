// Files that are made of others, and kept for people who use them as they are: the dashboard in the chart, the manifests in deploy/.
import { CHART, renderText, type Values } from '../test/chart/helm.ts'
import { join } from 'node:path'
import { dashboardOf } from './dashboard/grafana.ts'
import { ROWS } from './dashboard/panels.ts'

const DEPLOY = join(import.meta.dirname, '..', 'deploy')
const HEAD = '# Made from charts/vethguard by `npm run deploy:generate`: change that, not this. deploy/README.md says how to use it.\n'
/** What only Helm looks at. */
const HELMS_OWN = /^ +(app\.kubernetes\.io\/managed-by: Helm|helm\.sh\/[a-z-]+: .*)\n/gm
/** What is left of annotations without Helm's. */
const EMPTY_ANNOTATIONS = /^( *)annotations:\n(?!\1 )/gm
const MONITORED: Values = {
  listen: '$(HOST_IP):9611', podMonitor: { enabled: true }, prometheusRule: { enabled: true }, dashboard: { enabled: true },
}

/** What the dashboard in the chart should be; manifests contain it, so it comes first. @returns path and content */
export function dashboardFile(): [string, string] {
  return [join(CHART, 'files', 'dashboard.json'), `${JSON.stringify(dashboardOf('vethguard', ROWS), null, 2)}\n`]
}

/** What the files in deploy/ should be. @returns paths and contents */
export async function deployFiles(): Promise<[string, string][]> {
  return [
    [join(DEPLOY, 'vethguard.yaml'), await manifest({}, '--no-hooks')],
    [join(DEPLOY, 'vethguard-monitored.yaml'), await manifest(MONITORED, '--no-hooks')],
    [join(DEPLOY, 'cleanup.yaml'), await manifest({}, '--show-only', 'templates/cleanup/daemonset.yaml')],
  ]
}

async function manifest(values: Values, ...flags: readonly string[]): Promise<string> {
  const text = await renderText(values, ...flags)
  return HEAD + text.replace(HELMS_OWN, '').replace(EMPTY_ANNOTATIONS, '')
}
