// The checks against sysctls of real namespaces.
import { writeFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { checkNode } from '../../src/guard/node-checks.ts'
import type { PodKey } from '../../src/cluster/objects.ts'
import { countNodeProblems } from '../../src/observe/problem-kinds.ts'
import { createNamespaces, deleteNamespaces, inNamespace, ipBatch, namespacePrefix } from '../../lab/namespace.ts'

const namespace = `${namespacePrefix()}-checks`

beforeAll(() => createNamespaces([namespace]))
afterAll(() => deleteNamespaces([namespace]))

const SYSCTLS = ['ipv4/ip_forward', 'bridge/bridge-nf-call-iptables', 'bridge/bridge-nf-call-ip6tables'] as const

/** The fields complained of, with these three settings. */
function fields(values: readonly [string, string, string], bridges: readonly string[]): string[] {
  return inNamespace(namespace, () => {
    SYSCTLS.forEach((sysctl, index) => writeFileSync(`/proc/sys/net/${sysctl}`, values[index] ?? ''))
    return checkNode({ name: 'node0', bridges, hasIPv6Pods: false, unguarded: [] }).map(({ field }) => field)
  })
}

test('a node that is set up well has no problem', () => {
  expect(fields(['1', '1', '1'], ['cni0'])).toEqual([])
})

test('br_netfilter matters only where bridges carry pods, for each family', () => {
  expect(fields(['1', '0', '0'], [])).toEqual([])
  expect(fields(['1', '0', '1'], ['cni0'])).toEqual(['net.bridge.bridge-nf-call-iptables'])
  expect(fields(['1', '0', '0'], ['cni0'])).toEqual(['net.bridge.bridge-nf-call-iptables', 'net.bridge.bridge-nf-call-ip6tables'])
})

test('a problem names the node, the bridges, what follows and what to do', () => {
  const [problem] = inNamespace(namespace, () => {
    writeFileSync('/proc/sys/net/bridge/bridge-nf-call-iptables', '0')
    return checkNode({ name: 'node0', bridges: ['cni0', 'br1'], hasIPv6Pods: false, unguarded: [] })
  })
  expect(problem?.object).toBe('Node node0')
  expect(problem?.message).toContain('IPv4 packets between pods of this node on cni0, br1 are not filtered')
  expect(problem?.message).toContain('sysctl -w net.bridge.bridge-nf-call-iptables=1')
})

test('a node that does not forward', () => {
  expect(fields(['0', '1', '1'], [])).toEqual(['net.ipv4.ip_forward'])
})

test.each([
  ['0', true, ['net.ipv6.conf.all.forwarding']],
  ['0', false, []],
  ['1', true, []],
])('net.ipv6.conf.all.forwarding is %s, pods have IPv6 addresses: %s', (value, hasIPv6Pods, expected) => {
  const problems = inNamespace(namespace, () => {
    writeFileSync('/proc/sys/net/ipv4/ip_forward', '1')
    writeFileSync('/proc/sys/net/ipv6/conf/all/forwarding', value)
    return checkNode({ name: 'node0', bridges: [], hasIPv6Pods, unguarded: [] })
  })
  expect(problems.map(({ field }) => field)).toEqual(expected)
  for (const { message } of problems) expect(message).toMatch(/^is 0: this node forwards no IPv6 packets/)
})

test('a pod whose veth is not known is told, and is no setting of the node: it is counted apart', () => {
  const problems = inNamespace(namespace, () => {
    for (const sysctl of SYSCTLS) writeFileSync(`/proc/sys/net/${sysctl}`, '0')
    return checkNode({ name: 'node0', bridges: ['cni0'], hasIPv6Pods: false, unguarded: [{ pod: 'x/a' as PodKey, why: 'no veth of this node leads to it' }] })
  })
  expect(problems.map(({ field }) => field)).toEqual([...SYSCTLS.slice(1), SYSCTLS[0]].map((each) => `net.${each.replace('/', '.')}`).concat('pod x/a'))
  expect(countNodeProblems(problems)).toBe(SYSCTLS.length)
})

test('kube-proxy in IPVS mode', () => {
  ipBatch(namespace, ['link add kube-ipvs0 type bridge'])
  expect(fields(['1', '1', '1'], [])).toEqual(['kube-ipvs0'])
})
