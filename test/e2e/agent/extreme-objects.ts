// Policies as large as the API server takes them, which a cluster may have. Each lets the client in to port 80 and not to port 79, by its last part.
import type { ApiObject } from '../resource-path.ts'

export interface Extreme {
  readonly name: string
  readonly policies: readonly ApiObject[]
}

/** A key with a prefix of 253 characters and a name of 63, and a value of 63: as long as labels may be. */
export const LONG_LABEL: Readonly<Record<string, string>> = {
  [`${'a'.repeat(63)}.${'b'.repeat(63)}.${'c'.repeat(63)}.${'d'.repeat(61)}/${'k'.repeat(63)}`]: 'v'.repeat(63),
}

const WEB = [{ port: 80 }]

/**
 * @param namespace where the policies are
 * @param server labels of the pod that is protected
 * @param client its address, as the last ipBlock lets it in
 */
export function extremes(namespace: string, server: Readonly<Record<string, string>>, client: string): Extreme[] {
  const policy = (name: string, rule: object): ApiObject => ({
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { namespace, name },
    spec: { podSelector: { matchLabels: server }, ingress: [rule] },
  })
  const one = (name: string, rule: object): Extreme => ({ name, policies: [policy('extreme', rule)] })
  return [
    { name: 'a name of 253 characters', policies: [policy(['n', 'a', 'm', 'e'].map((char) => char.repeat(63)).join('.').slice(0, 253), { ports: WEB })] },
    one('labels of 380 characters', { from: [{ podSelector: { matchLabels: LONG_LABEL } }], ports: WEB }),
    one('1,000 ports', { ports: descending(1000).map((index) => ({ port: 80 + index * 2 })) }),
    one('1,000 ranges', { ports: descending(1000).map((index) => ({ port: 80 + index * 4, endPort: 81 + index * 4 })) }),
    one('1,000 ranges wider than 64 ports', { ports: descending(1000).map((index) => ({ port: 80 + index, endPort: 160 + index })) }),
    one('500 ipBlocks with 20 excepts each', { from: [...descending(499).map(block), { ipBlock: { cidr: `${client}/32` } }], ports: WEB }),
    {
      name: '200 policies on one pod',
      policies: descending(200).map((index) => policy(`extreme-${index}`, { from: [{ podSelector: {} }], ports: [{ port: 80 + index }] })),
    },
  ]
}

/** count - 1 down to 0. */
function descending(count: number): number[] {
  return Array.from({ length: count }, (_, index) => count - 1 - index)
}

/** A block of 1,024 addresses with 20 holes. */
function block(index: number): object {
  const first = `172.${16 + (index >> 6)}.${(index & 63) * 4}`
  return { ipBlock: { cidr: `${first}.0/22`, except: Array.from({ length: 20 }, (_, hole) => `${first}.${hole * 2}/32`) } }
}
