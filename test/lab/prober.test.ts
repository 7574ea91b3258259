import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { formatAddress, type Address } from '../../src/cluster/address.ts'
import { addressOf, literalAddress, type Host } from '../../lab/host.ts'
import { Lab } from '../../lab/lab.ts'
import { exec } from '../../lab/namespace.ts'
import type { LabNode } from '../../lab/node.ts'
import { formatCell, Prober, type Attempt, type Cell, type Probe, type Verdict } from '../../lab/prober.ts'

const PROBES: Probe[] = ([4, 6] as const).flatMap((family) => [
  { protocol: 'TCP', port: 80, family },
  { protocol: 'UDP', port: 53, family },
  { protocol: 'SCTP', port: 9999, family },
  { protocol: 'ICMP', port: 0, family },
])
const TCP_80: Probe = { protocol: 'TCP', port: 80, family: 4 }

const exceptions = (cells: readonly Cell[]): string[] => cells.filter(({ verdict }) => verdict !== 'allowed').map(formatCell)
const text = (host: Host | LabNode, family: 4 | 6): string => formatAddress(family === 4 ? host.address4 : host.address6)

describe.each([
  { layout: 'routed', nodes: 1 },
  { layout: 'routed', nodes: 2 },
  { layout: 'bridge', nodes: 1 },
  { layout: 'bridge', nodes: 2 },
] as const)('$layout, nodes: $nodes', ({ layout, nodes }) => {
  let lab: Lab
  let prober: Prober
  let hosts: Host[]

  beforeAll(() => {
    lab = Lab.create({ layout, nodes, podsPerNode: 10 / nodes, external: 1 })
    prober = new Prober(lab)
    hosts = [...lab.pods, ...lab.externals]
  })
  afterAll(() => {
    prober.close()
    lab.close()
  })

  /** Loads a forward chain into every node for the time of a function. */
  function withRules<T>(rules: readonly string[], fn: () => T): T {
    const table = `table inet test { chain forward { type filter hook forward priority filter; ${rules.join('; ')}; }; }`
    for (const { namespace } of lab.nodes) exec(namespace, ['nft', '-f', '-'], table)
    try {
      return fn()
    } finally {
      for (const { namespace } of lab.nodes) exec(namespace, ['nft', 'delete table inet test'])
    }
  }

  test('everybody reaches everybody without a ruleset', () => {
    const cells = prober.matrix(hosts, PROBES)
    expect(cells).toHaveLength(11 * 10 * PROBES.length)
    expect(exceptions(cells)).toEqual([])
  })

  test('exactly the cells flip that rules deny', () => {
    const [a, b] = [lab.pods[0]!, lab.pods.at(-1)!]
    const external = lab.externals[0]!
    const rules = [
      `ip saddr ${text(a, 4)} ip daddr ${text(b, 4)} tcp dport 80 drop`,
      `ip6 saddr ${text(b, 6)} ip6 daddr ${text(a, 6)} sctp dport 9999 drop`,
      `ip6 daddr ${text(b, 6)} icmpv6 type echo-request ip6 saddr ${text(external, 6)} drop`,
      `ip saddr ${text(a, 4)} ip daddr ${text(external, 4)} udp dport 53 drop`,
    ]
    expect(withRules(rules, () => exceptions(prober.matrix(hosts, PROBES))).sort()).toEqual([
      `${a.name} -> ${b.name} TCP/80 IPv4: denied`,
      `${b.name} -> ${a.name} SCTP/9999 IPv6: denied`,
      `external0 -> ${b.name} ICMP/0 IPv6: denied`,
      `${a.name} -> external0 UDP/53 IPv4: denied`,
    ].sort())
  })

  test.each(PROBES)('a dropped answer is not a denial: $protocol IPv$family', (probe) => {
    const [from, to] = [lab.pods[0]!, lab.pods.at(-1)!]
    const ip = probe.family === 4 ? 'ip' : 'ip6'
    const rule = `ct direction reply ${ip} saddr ${formatAddress(addressOf(to, probe.family))} drop`
    const verdicts = withRules([rule], () => [prober.probe({ from, to, probe }), prober.probe({ from: to, to: from, probe })])
    expect(verdicts).toEqual(['no-answer', 'allowed'])
  })

  test('each probe is a new connection, and its answer a valid part of it', () => {
    const rules = ['ct state invalid drop', 'ct direction original ct state != new drop', 'ct direction reply ct state != established drop']
    withRules(rules, () => {
      expect(exceptions(prober.matrix(hosts, PROBES))).toEqual([])
      expect(exceptions(prober.judge(pairsTo(lab.pods[0]!, 20)))).toEqual([])
    })
    expect(withRules(['ct state established accept', 'drop'], () => count(prober.matrix(hosts, PROBES)))).toEqual({ denied: 110 * PROBES.length })
  })

  test('a spoofed source address leaves the pod, and can be caught where it enters', () => {
    const [from, to, other] = [lab.pods[0]!, lab.pods[1]!, lab.pods[2]!]
    const attempt: Attempt = { from, to, probe: TCP_80, sourceAddress: other.address4 }
    expect(prober.probe(attempt)).toBe('no-answer')
    expect(withRules([`ip saddr ${text(other, 4)} drop`], () => prober.probe(attempt))).toBe('denied')
    expect(withRules([`ip saddr ${text(from, 4)} drop`], () => prober.probe(attempt))).toBe('no-answer')
  })

  test('a probe to a Service arrives at the pod behind it', () => {
    const service: Address = literalAddress('10.96.0.10')
    const to = lab.pods.at(-1)!
    const dnat = `table ip service { chain prerouting { type nat hook prerouting priority dstnat; ip daddr 10.96.0.10 dnat to ${text(to, 4)}; }; }`
    const attempt: Attempt = { from: lab.pods[0]!, to, probe: TCP_80, destinationAddress: service }
    expect(prober.probe(attempt)).toBe('denied')
    exec(lab.nodes[0]!.namespace, ['nft', '-f', '-'], dnat)
    expect(prober.probe(attempt)).toBe('allowed')
    expect(prober.probe({ ...attempt, to: lab.pods[1]! })).toBe('denied') // it arrives, but elsewhere
    exec(lab.nodes[0]!.namespace, ['nft', 'delete table ip service'])
  })

  function pairsTo(to: Host, times: number): Attempt[] {
    return Array.from({ length: times }, () => lab.pods.filter((from) => from !== to).map((from) => ({ from, to, probe: TCP_80 }))).flat()
  }
})

function count(cells: readonly Cell[]): Partial<Record<Verdict, number>> {
  const counts: Partial<Record<Verdict, number>> = {}
  for (const { verdict } of cells) counts[verdict] = (counts[verdict] ?? 0) + 1
  return counts
}
