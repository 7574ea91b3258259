// Objects with names that could be taken for others', and as long as can be: each policy is enforced and counted for itself, by the real
// agent in a real kernel.
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { admin, from, inNamespaces, port } from '../situations/cluster/specs.ts'
import { policyObject } from '../situations/fixture.ts'
import { AgentLab, type Cell, PORT_80 } from './agent-lab.ts'

const CELL: Cell = 'z/a > x/a'
const LONGEST = 'n'.repeat(253)
/** Namespaces, policies, parts of counters' names; and two that differ in the last of 253 characters. */
const NAMES = ['x', 'isolate', 'deny-0', 'cluster', 'default', 'in', 'set-0123456789abcdef', 'a.b.c', LONGEST, `${LONGEST.slice(1)}a`]
const FIRST_PORT = 1000
const TIMES = 2

let lab: AgentLab
beforeAll(() => {
  lab = new AgentLab()
})
afterAll(() => lab.close())

test.each(['netlink', 'nft'])('--backend %s: each denies its port, and counts that', async (backend) => {
  lab.write('policies.json', [
    ...NAMES.map((name, index) => admin(name, { ingress: [from('Deny', [inNamespaces('z')], [port(FIRST_PORT + index)])] })),
    policyObject('deny-0', { podSelector: {}, ingress: [{}] }),
    policyObject(LONGEST, { podSelector: {}, ingress: [{}] }),
  ])
  const agent = await lab.start('--backend', backend)
  const before = await lab.counters()
  const ports = [...NAMES.keys()].map((index) => FIRST_PORT + index)
  const probe = (number: number) => lab.prober.probe(lab.attempt(CELL, { ...PORT_80, port: number }))
  for (let time = 0; time < TIMES; time++) expect(ports.filter((number) => probe(number) !== 'denied')).toEqual([])
  expect(probe(80)).toBe('allowed')
  const grown = Object.entries(await lab.counters()).map(([name, packets]) => [name, packets - (before[name] ?? 0)] as const)
  const ofRules = grown.filter(([, packets]) => packets === TIMES)
  expect(ofRules).toHaveLength(NAMES.length)
  expect(new Map(grown).get('deny-admin-in/x/a')).toBe(TIMES * NAMES.length)
  expect(grown.filter(([, packets]) => packets === 1)).toHaveLength(1) // the two NetworkPolicies together
  expect(agent.complaints()).toEqual([])
  await agent.kill()
})

test('two policies that differ in case: one has no sound name, and both are enforced', async () => {
  const rule = (number: number) => ({ ingress: [from('Deny', [inNamespaces('z')], [port(number)])] })
  lab.write('policies.json', [admin('edge', rule(FIRST_PORT)), admin('Edge', rule(FIRST_PORT + 1))])
  const agent = await lab.start()
  expect(agent.complaints()).toEqual([expect.stringMatching(/^ClusterNetworkPolicy unnamed-\w+ \(policies\.json#1\): metadata\.name "Edge" is no name of an object/)])
  for (const number of [FIRST_PORT, FIRST_PORT + 1]) expect(lab.prober.probe(lab.attempt(CELL, { ...PORT_80, port: number }))).toBe('denied')
  expect(lab.prober.probe(lab.attempt(CELL))).toBe('allowed')
})
