// What is counted and logged of each decision, by packets: the rule, and if it is denied the pod, by what denied.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { exec } from '../../../lab/namespace.ts'
import type { Cell } from '../../situations/cells.ts'
import type { ClusterPlace } from '../../situations/cluster/place.ts'
import { type Action, admin, baseline, EVERY_NODE, EVERYWHERE, from, inNamespaces, port, SIDES, to } from '../../situations/cluster/specs.ts'
import { type KubeObject, policyObject } from '../../situations/fixture.ts'
import { DENY_ALL } from '../../situations/specs.ts'
import { ClusterLab } from './cluster-lab.ts'

const Y = inNamespaces('y')
const Z = inNamespaces('z')
const TIMES = 3

/** One decision: the packet, the policies, and what each packet is counted by. */
interface Counted {
  readonly name: string
  readonly cell: Cell
  readonly policies: readonly KubeObject[]
  readonly counters: readonly string[]
}

type Row = readonly [name: string, policies: readonly KubeObject[], counters: readonly string[]]

const BY_DIRECTION: readonly Counted[] = SIDES.flatMap(({ direction, rule, isolation }) => {
  const short = direction === 'ingress' ? 'in' : 'out'
  const isolate = policyObject('isolate', isolation({}))
  const allow = policyObject('allow', isolation({}, 'y'))
  const edge = (...rules: readonly KubeObject[]) => admin('edge', { [direction]: rules })
  const pass = edge(rule('Deny', [Z]), rule('Pass', [Y]))
  const low = (action: Action) => baseline('default', { [direction]: [rule(action, [Y])] })
  const rows: readonly Row[] = [
    ['Accept', [edge(rule('Accept', [Y])), isolate, low('Deny')], ['SHORT/cluster/edge/accept-0']],
    ['Deny', [edge(rule('Deny', [Y])), allow, low('Accept')], ['SHORT/cluster/edge/deny-0', 'deny-admin-SHORT/x/a']],
    ['Pass, and a NetworkPolicy accepts', [pass, allow, low('Deny')], ['SHORT/cluster/edge/pass-1', 'SHORT/x/allow']],
    ['Pass, and isolation', [pass, isolate, low('Accept')], ['SHORT/cluster/edge/pass-1', 'deny-SHORT/x/a']],
    ['Pass, and Baseline denies', [pass, low('Deny')], ['SHORT/cluster/edge/pass-1', 'SHORT/cluster/default/deny-0', 'deny-baseline-SHORT/x/a']],
    ['Pass, and Baseline accepts', [pass, low('Accept')], ['SHORT/cluster/edge/pass-1', 'SHORT/cluster/default/accept-0']],
    ['Pass, and Baseline passes', [pass, low('Pass')], ['SHORT/cluster/edge/pass-1', 'SHORT/cluster/default/pass-0']],
    ['Pass, and nothing else', [pass], ['SHORT/cluster/edge/pass-1']],
    ['no rule matches', [edge(rule('Deny', [Y], [port(81)])), allow], ['SHORT/x/allow']],
  ]
  return rows.map((row) => countedOf(direction, direction === 'ingress' ? { from: 'y/a', to: 'x/a' } : { from: 'x/a', to: 'y/a' }, row, short))
})

const PASS_NODES = admin('edge', { egress: [to('Pass', [EVERY_NODE])] })
const LOW_DENY = baseline('default', { egress: [to('Deny', [EVERYWHERE])] })
const OWN_NODE: readonly Counted[] = ([
  ['Admin denies', [admin('edge', { egress: [to('Deny', [EVERY_NODE])] })], ['out/cluster/edge/deny-0', 'deny-admin-out/x/a']],
  ['Admin accepts', [admin('edge', { egress: [to('Accept', [EVERY_NODE]), to('Deny', [EVERYWHERE])] })], ['out/cluster/edge/accept-0']],
  ['Baseline denies', [LOW_DENY], ['out/cluster/default/deny-0', 'deny-baseline-out/x/a']],
  ['Pass, and Baseline denies', [PASS_NODES, LOW_DENY], ['out/cluster/edge/pass-0', 'out/cluster/default/deny-0', 'deny-baseline-out/x/a']],
  ['Pass, and isolation, which does not hold there', [PASS_NODES, policyObject('isolate', DENY_ALL)], ['out/cluster/edge/pass-0']],
] satisfies readonly Row[]).map((row) => countedOf('the own node', { from: 'x/a', to: 'node0' }, row))

function countedOf(prefix: string, cell: Cell, [name, policies, counters]: Row, short = ''): Counted {
  return { name: `${prefix}: ${name}`, cell, policies, counters: counters.map((counter) => counter.replace('SHORT', short)) }
}

describe.each(['routed', 'bridge'] as const)('%s pods', (layout) => {
  let lab: ClusterLab
  beforeAll(async () => {
    lab = await ClusterLab.create(layout)
  })
  afterAll(() => lab.close())

  describe.each([4, 6] as const)('IPv%d', (family) => {
    let place: ClusterPlace
    beforeAll(() => {
      place = lab.place(family)
    })

    test.each([...BY_DIRECTION, ...OWN_NODE])('$name', async ({ cell, policies, counters }) => {
      await lab.enforce(place, policies)
      for (let time = 0; time < TIMES; time++) lab.prober.probe(lab.attempt(place, cell, { protocol: 'TCP', port: 80 }))
      expect(await counted()).toEqual(Object.fromEntries(counters.map((name) => [name, TIMES])))
    })

    test('an answer counts for nobody', async () => {
      const X = inNamespaces('x')
      await lab.enforce(place, [admin('edge', { subject: Y, egress: [to('Accept', [X])], ingress: [from('Accept', [X])] })])
      lab.prober.probe(lab.attempt(place, { from: 'x/a', to: 'y/a' }, { protocol: 'UDP', port: 80 }))
      expect(await counted()).toEqual({ 'in/cluster/edge/accept-0': 1 })
    })

    test.each(['in', 'out'])('denials are logged with the direction and what denied: %s', (short) => {
      for (const tier of ['admin', 'baseline']) {
        const chain = exec(lab.lab.nodes[0]!.namespace, ['nft', 'list', 'chain', 'inet', 'vethguard', `${short}${family}_${tier}_denied`])
        expect(chain).toContain(`log prefix "vethguard ${short} ${tier} " group 5`)
      }
    })
  })

  /** Of both nodes, what has counted anything. */
  async function counted(): Promise<Record<string, number>> {
    const ofNodes = await Promise.all(lab.lab.nodes.map((node) => lab.counters(node)))
    return Object.fromEntries(ofNodes.flatMap((counters) => [...counters].filter(([, packets]) => packets > 0)))
  }
})
