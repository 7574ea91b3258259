// Verdict tables: which list local pods with the same policies have for each class of peers, by one stage.
import { beforeEach, describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import type { NamedPort } from '../../../src/cluster/objects.ts'
import { type Row, type Stage, type VerdictTable, VerdictTables } from '../../../src/compiler/endpoints/verdict-tables.ts'
import type { Asked, Class, Predicate } from '../../../src/compiler/model.ts'
import { Predicates } from '../../../src/compiler/peers/predicates.ts'
import { tierIds } from '../../../src/compiler/realm.ts'
import { activate, type ActivePolicy, type AnyPolicy } from '../../../src/compiler/stages/active-policy.ts'
import { Lists } from '../../../src/compiler/stages/lists.ts'
import { networkPolicyStage } from '../../../src/compiler/stages/network-policy.ts'
import { inOrder, tierStage } from '../../../src/compiler/stages/tier.ts'
import { ContentStore } from '../../../src/compiler/store.ts'
import type { ClusterPolicy, Direction } from '../../../src/policy/types.ts'
import { clusterPolicyArb } from '../../arbitrary/cluster-policies.ts'
import { PORT_NUMBERS } from '../../arbitrary/pods.ts'
import { policyArb } from '../../arbitrary/policies.ts'
import { POOL } from '../../arbitrary/pool.ts'
import { clusterPolicy, policy } from '../../policy/state.ts'
import { property } from '../../property.ts'
import { linesOf } from '../content-text.ts'
import { textOf } from '../stages/notation.ts'

let store: ContentStore
let stages: Readonly<Record<'network' | 'admin', Stage>>
/** Those of NetworkPolicies, and those of tier Admin. */
let tables: VerdictTables
let ofAdmin: VerdictTables
let predicates: Predicates
let classes: Class[]
let activations: number
beforeEach(() => {
  store = new ContentStore()
  stages = {
    network: { name: 'network', judge: networkPolicyStage, inOrder: (policies) => policies, lists: Lists.ofNetworkPolicies(store) },
    admin: { name: 'admin', judge: tierStage, inOrder, lists: Lists.ofTiers(store, tierIds()) },
  }
  tables = new VerdictTables(stages.network)
  ofAdmin = new VerdictTables(stages.admin)
  predicates = new Predicates()
  classes = []
  activations = 0
})

/** Pods of any namespace with this label, as both kinds of policies ask for them. */
const POD_SELECTOR = (app: string) => ({ podSelector: { matchLabels: { app } } })
const FROM = (app: string) => ({ namespaceSelector: {}, ...POD_SELECTOR(app) })
const PODS = (app: string) => ({ pods: POD_SELECTOR(app) })

function active(of: AnyPolicy): ActivePolicy {
  return activate(of, ++activations, () => predicates)
}

function allow(name: string, ...ingress: object[]): ActivePolicy {
  return active(policy(`x/${name}`, { podSelector: {}, policyTypes: ['Ingress'], ingress }))
}

/** A ClusterNetworkPolicy with such rules: `Deny a`, from pods with this label; `Deny *`: from anybody. */
function tiered(name: string, priority: number, ...rules: readonly string[]): ActivePolicy {
  const of = rules.map((text) => text.split(' ') as [string, string])
  const read = clusterPolicy(name, { priority, ingress: of.map(([action, app]) => ({ action, from: [PODS(app === '*' ? 'any' : app)] })) })
  return active({ ...read, ingress: read.ingress.map((rule, at) => (of[at]![1] === '*' ? { ...rule, peers: 'any' } : rule)) })
}

/** A class of which these predicates hold: those that policies ask for pods with these labels. */
function peerClass(...apps: readonly string[]): Class {
  const holds = apps.map((app) => predicates.usePods([{ kind: 'pods', namespaces: { requirements: [] }, pods: { requirements: [{ key: 'app', operator: 'In', values: [app] }] } }], ''))
  return classOf(holds)
}

function classOf(holds: readonly Predicate[]): Class {
  const sorted = [...holds].sort((a, b) => a.id - b.id)
  const made = {
    id: classes.length + 1,
    family: 4,
    signature: { predicates: sorted.filter(({ kind }) => kind !== 'block') },
    atom: { set: { blocks: sorted.filter(({ kind }) => kind === 'block') } },
    elements: 1,
  } as unknown as Class
  classes.push(made)
  return made
}

function* having(asked: Asked): Iterable<Class> {
  for (const each of classes) {
    const all: readonly Predicate[] = [...each.signature.predicates, ...each.atom.set.blocks]
    if (all.some((predicate) => (predicate.kind === 'port' ? predicate.name : predicate) === asked)) yield each
  }
}

function hold(policies: readonly ActivePolicy[], previous?: VerdictTable, ports: readonly NamedPort[] = []): VerdictTable {
  return tables.hold('ingress', policies, { ports, previous }, having)
}

function holdTier(policies: readonly ActivePolicy[], previous?: VerdictTable): VerdictTable {
  return ofAdmin.hold('ingress', policies, { ports: [], previous }, having)
}

/** `by default`, and each class that is judged otherwise. */
function said({ byDefault, rows }: VerdictTable): Record<string, string> {
  const sorted = [...rows].sort(([a], [b]) => a.id - b.id)
  return {
    'by default': byDefault === undefined ? 'nothing' : textOf(byDefault.list).join('; '),
    ...Object.fromEntries(sorted.map(([{ id }, { list }]) => [id, textOf(list).join('; ')])),
  }
}

describe('what a table says', () => {
  test('by default what anybody may, and otherwise of classes of which something holds', () => {
    const [a, b] = [peerClass('a'), peerClass('b')]
    peerClass('c')
    const table = hold([allow('one', { from: [FROM('a')], ports: [{ port: 80 }] }), allow('other', { ports: [{ port: 81 }] }, { from: [FROM('b')] })])
    expect(said(table)).toEqual({
      'by default': 'TCP 81: accept x/other; *: isolated',
      [a.id]: 'TCP 80: accept x/one; TCP 81: accept x/other; *: isolated',
      [b.id]: '*: accept x/other',
    })
  })

  test('isolation without exceptions needs no list', () => {
    expect(said(hold([allow('none')]))).toEqual({ 'by default': 'nothing' })
    expect(linesOf(store)).toEqual([])
  })

  test('of a tier, what the first rule says that holds', () => {
    const [a, b] = [peerClass('a'), peerClass('b')]
    expect(said(holdTier([tiered('edge', 0, 'Deny a', 'Accept a', 'Pass b')]))).toEqual({
      'by default': 'nothing', [a.id]: '*: deny /edge/deny-0', [b.id]: '*: next /edge/pass-2',
    })
    expect(said(holdTier([tiered('wall', 0, 'Pass a', 'Deny *')]))).toEqual({ 'by default': '*: deny /wall/deny-1', [a.id]: '*: next /wall/pass-0' })
  })

  test('policies of a tier come by priority, not by age', () => {
    const a = peerClass('a')
    const [late, early] = [tiered('late', 7, 'Deny a'), tiered('early', 3, 'Accept a')]
    expect(said(holdTier([late, early]))[a.id]).toBe('*: accept /early/accept-0')
  })
})

describe('one table for pods with', () => {
  const web = (port: number): NamedPort[] => [{ name: 'web', protocol: 'TCP', port }]

  test('the same policies', () => {
    const policies = [allow('one', {}), allow('other', { from: [FROM('a')] })]
    const table = hold(policies)
    expect(hold(policies)).toBe(table)
    expect(hold(policies.slice(1))).not.toBe(table)
    expect(table.pods).toBe(2)
    expect(tables.size).toBe(2)
  })

  test('the same numbers of the ports that ingress rules name', () => {
    const named = [allow('one', { ports: [{ port: 'web' }] })]
    expect(hold(named, undefined, web(80))).toBe(hold(named, undefined, web(80)))
    expect(hold(named, undefined, web(80))).not.toBe(hold(named, undefined, web(81)))
    const unnamed = [allow('two', { ports: [{ port: 80 }] })]
    expect(hold(unnamed, undefined, web(80))).toBe(hold(unnamed, undefined, web(81)))
  })
})

describe('rows of the table that the pod had', () => {
  /** What a pod with a former table gets must be what one without gets. */
  function expectSameAsNew(stage: Stage, [before, now]: readonly (readonly ActivePolicy[])[], direction: Direction = 'ingress'): void {
    const [way, fresh] = [new VerdictTables(stage), new VerdictTables(stage)]
    const previous = way.hold(direction, before!, { ports: [], previous: undefined }, having)
    const table = way.hold(direction, now!, { ports: [], previous }, having)
    expect(said(table)).toEqual(said(fresh.hold(direction, now!, { ports: [], previous: undefined }, having)))
  }

  test('are taken over where they cannot differ', () => {
    peerClass('a')
    peerClass('b')
    const [one, other] = [allow('one', { from: [FROM('a')], ports: [{ port: 80 }] }), allow('other', { from: [FROM('b')], ports: [{ port: 81 }] })]
    expectSameAsNew(stages.network, [[one], [one, other]])
    expectSameAsNew(stages.network, [[one, other], [other]])
  })

  test('are used as often as there are tables with them', () => {
    const a = peerClass('a')
    const [one, more] = [allow('one', { from: [FROM('a')], ports: [{ port: 80 }] }), allow('more')]
    const before = hold([one])
    const after = hold([one, more], before)
    expect([...after.rows]).toEqual([...before.rows])
    tables.release(before)
    expect(linesOf(store)).toEqual(['counter in/x/one', 'verdict_ports 0:1 . tcp . 80 : "in/x/one"'])
    tables.release(after)
    expect([linesOf(store), a.id]).toEqual([[], 1])
  })

  test('of a tier: a rule about anybody that comes first, or last', () => {
    const a = peerClass('a')
    const [rules, wall, gate, base] = [tiered('rules', 5, 'Accept a', 'Deny *'), tiered('wall', 1, 'Deny *'), tiered('gate', 9, 'Pass *'), tiered('base', 0, 'Deny b')]
    for (const change of [[[rules], [rules, wall]], [[rules, wall], [rules]], [[rules], [rules, gate]], [[wall, base], [wall, base, gate]]]) expectSameAsNew(stages.admin, change)
    expect(said(holdTier([rules, wall], holdTier([rules])))).toEqual({ 'by default': '*: deny /wall/deny-0' })
    expect(a.id).toBe(1)
  })

  test('of a tier: a rule about anybody, as the priority of its policy changes', () => {
    const a = peerClass('a')
    const [rules, last, first] = [tiered('rules', 5, 'Accept a'), tiered('wall', 9, 'Deny *'), tiered('wall', 1, 'Deny *')]
    expectSameAsNew(stages.admin, [[rules, last], [rules, first]])
    expectSameAsNew(stages.admin, [[rules, first], [rules, last]])
    expect([said(holdTier([rules, last]))[a.id], said(holdTier([rules, first]))[a.id]]).toEqual(['*: accept /rules/accept-0', undefined])
  })

  test('other numbers for the names that rules use', () => {
    const a = peerClass('a')
    const named = [allow('one', { from: [FROM('a')], ports: [{ port: 'web' }] })]
    const ports = (port: number): NamedPort[] => [{ name: 'web', protocol: 'TCP', port }]
    const previous = hold(named, undefined, ports(80))
    expect(said(hold([...named, allow('other')], previous, ports(81)))[a.id]).toBe('TCP 81: accept x/one; *: isolated')
  })

  /** Some rules are about anybody, as those are that cannot be read. */
  const clusterArb: fc.Arbitrary<ClusterPolicy> = fc.tuple(clusterPolicyArb(POOL), fc.nat()).map(([of, bits]) => ({
    ...of,
    ingress: of.ingress.map((rule, at) => (((bits >> at) & 3) === 3 ? { ...rule, peers: 'any' } : rule)),
    egress: of.egress.map((rule, at) => (((bits >> (at + 8)) & 3) === 3 ? { ...rule, peers: 'any' } : rule)),
  }))
  test.each<['network' | 'admin', fc.Arbitrary<AnyPolicy>]>([['network', policyArb(POOL)], ['admin', clusterArb]])('stage %s, whatever the policies: as if the pod had had none', (name, of) => {
    const worldArb = fc.record({
      policies: fc.array(of, { minLength: 1, maxLength: 6 }), held: fc.nat(), next: fc.nat(), subsets: fc.array(fc.nat(), { maxLength: 5 }),
    })
    property(worldArb, ({ policies, held, next, subsets }) => {
      predicates = new Predicates()
      classes = []
      const all = policies.map(active)
      const asked = [...new Set(all.flatMap((each) => [...each.asked.ingress, ...each.asked.egress]))]
      const holdable = asked.flatMap((each): Predicate[] => (each.kind === 'name' ? PORT_NUMBERS.slice(1, 4).map((port) => predicates.port(each, port)) : [each]))
      for (const bits of subsets) classOf(holdable.filter((_, index) => ((bits >> (index % 20)) & 1) === 1))
      for (const direction of ['ingress', 'egress'] as const) {
        const some = (bits: number): ActivePolicy[] => all.filter((each, index) => each.rules[direction] !== undefined && ((bits >> index) & 1) === 1)
        if (some(held).length > 0 && some(next).length > 0) expectSameAsNew(stages[name], [some(held), some(next)], direction)
      }
    })
  })
})

describe('over time', () => {
  const changes: string[] = []
  const note = (_: VerdictTable, { id }: Class, row: Row | undefined): void => {
    changes.push(`${id}: ${row === undefined ? 'as by default' : textOf(row.list).join('; ')}`)
  }
  beforeEach(() => {
    changes.length = 0
  })

  test('a class that is new, or means something else, is judged again; nothing is said if that changes nothing', () => {
    const table = hold([allow('one', { from: [FROM('a')] })])
    const a = peerClass('a')
    const holds = [...a.signature.predicates]
    tables.refresh(a, holds, note)
    expect(changes).toEqual([`${a.id}: *: accept x/one`])
    tables.refresh(a, holds, note)
    tables.refresh(peerClass('b'), [...classes[1]!.signature.predicates], note) // nobody asks
    expect(changes).toHaveLength(1)
    Object.assign(a.signature, { predicates: [] })
    tables.refresh(a, holds, note)
    expect(changes.slice(1)).toEqual([`${a.id}: as by default`])
    expect([said(table), linesOf(store)]).toEqual([{ 'by default': 'nothing' }, []])
  })

  test('a list stays as long as a class has it', () => {
    const alike = [peerClass('a'), peerClass('a'), peerClass('a')]
    hold([allow('one', { from: [FROM('a')], ports: [{ port: 80 }] })])
    const left = alike.map((each) => {
      const holds = [...each.signature.predicates]
      Object.assign(each.signature, { predicates: [] })
      tables.refresh(each, holds, note)
      return linesOf(store).length
    })
    expect(left).toEqual([2, 2, 0]) // the counter and the port
  })

  test('a class that is gone takes its row along', () => {
    const a = peerClass('a')
    const table = hold([allow('one', { from: [FROM('a')] })])
    expect(table.rows.size).toBe(1)
    tables.forget(a, note)
    tables.forget(a, note)
    expect([table.rows.size, changes]).toEqual([0, [`${a.id}: as by default`]])
    expect(linesOf(store)).toEqual([])
  })

  test('a table goes with its last pod, and its lists with it', () => {
    peerClass('a')
    const policies = [allow('one', { from: [FROM('a')] }, { ports: [{ port: 80 }] })]
    const table = hold(policies)
    hold(policies)
    tables.release(table)
    expect(linesOf(store)).not.toEqual([])
    tables.release(table)
    expect([linesOf(store), tables.size, stages.network.lists.size]).toEqual([[], 0, 0])
    tables.refresh(classes[0]!, [...classes[0]!.signature.predicates], note)
    expect(changes).toEqual([])
  })
})
