// Cluster DNS for a whole cluster.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseAllDocuments } from 'yaml'
import type { ApiObject } from '../resource-path.ts'
import { goInstall, runTool } from './binaries.ts'
import type { Cluster } from './cluster.ts'
import { until } from './until.ts'

const COREDNS = 'github.com/coredns/coredns@v1.15.0'

/** Builds CoreDNS the first time (two minutes), and returns when it answers. */
export async function addDns(cluster: Cluster): Promise<void> {
  const program = await goInstall(COREDNS, '.')
  const archive = join(cluster.folder, 'coredns.tar')
  await runTool('one-layer-image.sh', archive, program, 'localhost/coredns')
  await cluster.load(archive)
  for (const document of parseAllDocuments(readFileSync(join(import.meta.dirname, 'dns.yaml'), 'utf8'))) {
    await cluster.admin.apply(document.toJS() as ApiObject)
  }
  await until('cluster DNS', async () => {
    const { status } = await cluster.admin.get('/apis/apps/v1/namespaces/kube-system/deployments/coredns')
    return (status as { readyReplicas?: number }).readyReplicas === 1
  })
}
