// Agents whose numbers are known, with policies of both kinds and denials of every cause, in a network namespace of their own.
import { createServer, type Server } from 'node:http'
import type { AgentView } from '../../src/agent/view.ts'
import type { HitTotals } from '../../src/counters/totals.ts'
import type { PolicyKey } from '../../src/cluster/objects.ts'
import type { Metrics } from '../../src/observe/metrics.ts'
import { createNamespaces, deleteNamespaces, inNamespace, ipBatch, namespacePrefix } from '../../lab/namespace.ts'
import { denial, fakeView, hit, metricsOf, NO_HITS } from '../observe/fake-view.ts'

const NODES = ['a', 'b']
const FIRST_PORT = 9611
/** What each agent counts per second. */
const POLICIES = ['shop/web ingress 10', 'shop/web egress 0', 'shop/idle ingress 0', '/tenants egress 20 deny', '/tenants egress 5 pass'].map(hit)
const DENIED = ['shop/api ingress 4', 'shop/api egress 6 admin', 'data/db egress 2 baseline'].map(denial)
const IN_ERROR = ['/broken', 'data/broken'] as PolicyKey[]

export class MadeUpAgents {
  readonly namespace = namespacePrefix()
  readonly #metrics = NODES.map(() => metricsOf({ view }))
  readonly #servers: readonly Server[]

  constructor() {
    createNamespaces([this.namespace])
    ipBatch(this.namespace, ['link set lo up'])
    this.#servers = this.#metrics.map(serverOf)
    inNamespace(this.namespace, () => this.#servers.forEach((server, index) => server.listen(FIRST_PORT + index)))
  }

  /** One on each node, with every label that scrapers add; Prometheus adds instance and job itself. */
  get targets(): object[] {
    return NODES.map((node, index) => ({
      targets: [`127.0.0.1:${FIRST_PORT + index}`],
      labels: { namespace: 'kube-system', pod: `vethguard-${node}`, node, container: 'vethguard', service: 'vethguard', endpoint: 'metrics' },
    }))
  }

  close(): void {
    for (const metrics of this.#metrics) metrics.close()
    for (const server of this.#servers) server.close()
    deleteNamespaces([this.namespace])
  }
}

function view(): AgentView {
  return fakeView({
    problems: IN_ERROR.map((policy) => ({ object: policy, field: 'spec', message: 'is wrong', policy })),
    warnings: [{ policy: 'shop/idle' as PolicyKey, reason: 'peer-matches-nothing', field: 'spec.ingress[0]', message: 'matches nothing' }],
    hits: () => Promise.resolve(hitsNow()),
  })
}

/** They grow with time, not with scrapes: some may come late, or not at all. */
function hitsNow(): HitTotals {
  const seconds = performance.now() / 1000
  const total = <T extends { readonly packets: number }>(perSecond: T): T => ({ ...perSecond, packets: Math.round(perSecond.packets * seconds) })
  return { ...NO_HITS, policies: POLICIES.map(total), denied: DENIED.map(total) }
}

function serverOf(metrics: Metrics): Server {
  return createServer((_, response) => {
    void metrics.scrape('text').then(({ contentType, body }) => response.setHeader('Content-Type', contentType).end(body))
  })
}
