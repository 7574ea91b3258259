// Names of Services, resolved by cluster DNS as pods do it: through /etc/resolv.conf and the DNS Service.
import { setTimeout as sleep } from 'node:timers/promises'
import { PATIENCE_MS } from '../../../../lab/patience.ts'
import { addDns } from '../dns.ts'
import { kubectl } from '../kubectl.ts'
import { Unexpected } from '../unexpected.ts'
import type { Check, World } from './check.ts'
import { appPeer } from './ranges.ts'

const DNS_PEER = {
  namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'kube-system' } },
  podSelector: { matchLabels: { 'k8s-app': 'kube-dns' } },
}
const DNS_PORTS = ['UDP', 'TCP'].map((protocol) => ({ protocol, port: 53 }))

export const CLUSTER_DNS: Check = {
  name: 'DNS: denied with all egress, works when a policy allows it, and allows nothing else',
  needsAgent: true,
  async run({ cluster, playground, nodes: [near, far] }) {
    await addDns(cluster)
    await playground.pod('server', { node: near.name })
    await playground.service('server', { app: 'server' })
    await playground.pod('client', { node: far.name })
    const client = { podSelector: { matchLabels: { app: 'client' } }, policyTypes: ['Egress'] }
    const expectAnswer = async (answer: Answer): Promise<void> => expectLookUp({ cluster, playground }, answer)
    await expectAnswer('open')
    await playground.policy('client', client)
    await expectAnswer('DNS')
    await playground.policy('client', { ...client, egress: [{ to: [DNS_PEER], ports: DNS_PORTS }] })
    await expectAnswer('TIMEOUT')
    await playground.policy('client', { ...client, egress: [{ to: [DNS_PEER], ports: DNS_PORTS }, { to: [appPeer('server')] }] })
    await expectAnswer('open')
  },
}

/** What `agnhost connect` says: DNS when the name has no address, TIMEOUT when nobody answers there. */
type Answer = 'open' | 'DNS' | 'TIMEOUT'

async function expectLookUp(world: Pick<World, 'cluster' | 'playground'>, expected: Answer): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS
  for (;;) {
    const answer = await lookUp(world)
    if (answer === expected) return
    if (performance.now() > deadline) throw new Unexpected([`the look-up came to ${answer}, should be ${expected}`])
    await sleep(200)
  }
}

/** From pod `client` to Service `server`. */
async function lookUp({ cluster, playground: { name } }: Pick<World, 'cluster' | 'playground'>): Promise<string> {
  try {
    await kubectl(cluster, 'exec', '--namespace', name, 'client', '--', '/agnhost', 'connect', `server.${name}.svc.cluster.local:80`, '--timeout=4s')
    return 'open'
  } catch (error) {
    const { stderr } = error as { stderr: string }
    return /^(DNS|TIMEOUT|REFUSED|OTHER)/.exec(stderr)?.[1] ?? stderr
  }
}
