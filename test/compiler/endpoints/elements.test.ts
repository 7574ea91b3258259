// The elements of local addresses, as what judges them comes, changes and goes.
import { beforeEach, describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import type { Address } from '../../../src/cluster/address.ts'
import type { PodKey } from '../../../src/cluster/objects.ts'
import { Elements, type Enforced, type Side, type Tables } from '../../../src/compiler/endpoints/elements.ts'
import type { Row, StageName, VerdictTable } from '../../../src/compiler/endpoints/verdict-tables.ts'
import type { Class } from '../../../src/compiler/model.ts'
import { ContentStore } from '../../../src/compiler/store.ts'
import type { Direction } from '../../../src/policy/types.ts'
import { addressOf } from '../../arbitrary/pool.ts'
import { property } from '../../property.ts'
import { changedLines, linesOf } from '../content-text.ts'

const [WEB, DB] = ['x/web', 'x/db'] as PodKey[] as [PodKey, PodKey]
const [V4, V6] = [addressOf('10.0.0.1'), addressOf('fd00::1')]
const CLASSES = [1, 2, 3, 4].map((id) => ({ id, family: id < 4 ? 4 : 6 }) as Class)

let store: ContentStore
let elements: Elements
beforeEach(() => {
  store = new ContentStore()
  elements = new Elements(store)
})

interface Of {
  readonly stage?: StageName
  readonly direction?: Direction
  readonly byDefault?: number
  /** Number of a class → number of its list. */
  readonly rows?: Readonly<Record<number, number>>
}

/** A table of NetworkPolicies, or of a tier, with these lists, by their numbers. */
function table({ stage = 'network', direction = 'ingress', byDefault, rows = {} }: Of = {}): VerdictTable {
  const entries = Object.entries(rows).map(([id, number]) => [CLASSES[Number(id) - 1]!, { number }] as const)
  return { stage, direction, byDefault: byDefault === undefined ? undefined : { number: byDefault }, rows: new Map(entries) } as unknown as VerdictTable
}

/** One direction that these tables judge. */
function by(...tables: readonly VerdictTable[]): Tables {
  const of = (stage: StageName): VerdictTable | undefined => tables.find((each) => each.stage === stage)
  return { admin: of('admin'), network: of('network'), baseline: of('baseline') }
}

/** As verdict tables do: the row, and then whoever follows. */
function changeRow(of: VerdictTable, id: number, number: number | undefined): void {
  const [peerClass, row] = [CLASSES[id - 1]!, number === undefined ? undefined : ({ number } as Row)]
  if (row === undefined) of.rows.delete(peerClass)
  else of.rows.set(peerClass, row)
  elements.rowChanged(of, peerClass, row)
}

function enforced(ingress: Side, egress?: Side, pod = WEB): Enforced {
  return { pod, ingress, egress }
}

describe('an address is judged', () => {
  const isolated = ['counter deny-in/x/web', 'in_deny4 10.0.0.1 : "deny-in/x/web"', 'in_judged4 10.0.0.1', 'self4 10.0.0.1 . 10.0.0.1']
  const byAdmin = ['counter deny-admin-in/x/web', 'in_deny_admin4 10.0.0.1 : "deny-admin-in/x/web"', 'in_judged4 10.0.0.1', 'in_tiers4 10.0.0.1 : 0:1']
  test.each<[string, Address, Enforced, string[]]>([
    ['isolated, and nothing is allowed', V4, enforced(by(table())), isolated],
    ['nothing is allowed, for the doubt there is', V4, enforced('nothing', 'nothing'), [
      ...isolated, 'counter deny-out/x/web', 'out_deny4 10.0.0.1 : "deny-out/x/web"', 'out_judged4 10.0.0.1',
    ]],
    ['with a list for all, and others for some', V4, enforced(by(table({ byDefault: 7, rows: { 1: 8, 2: 9 } }))), [
      ...isolated, 'in_default4 10.0.0.1 : 0:7', 'in_pair4 0:1 . 10.0.0.1 : 0:8', 'in_pair4 0:2 . 10.0.0.1 : 0:9',
    ]],
    ['only with classes of its family', V6, enforced(by(table({ rows: { 1: 8, 4: 9 } }))), [
      'counter deny-in/x/web', 'in_deny6 fd00::1 : "deny-in/x/web"', 'in_judged6 fd00::1', 'in_pair6 0:4 . fd00::1 : 0:9', 'self6 fd00::1 . fd00::1',
    ]],
    ['by Admin alone', V4, enforced(by(table({ stage: 'admin', byDefault: 3, rows: { 1: 4 } }))), [
      ...byAdmin, 'in_admin4 0:1 . 10.0.0.1 : 0:4', 'in_admin_default4 10.0.0.1 : 0:3',
    ]],
    ['by Admin, and isolated: lists and denials are apart', V4, enforced(by(table({ stage: 'admin', rows: { 1: 4 } }), table({ rows: { 1: 8 } }))), [
      ...new Set([...byAdmin, ...isolated]), 'in_isolated4 10.0.0.1', 'in_admin4 0:1 . 10.0.0.1 : 0:4', 'in_pair4 0:1 . 10.0.0.1 : 0:8',
    ]],
    ['by Baseline alone', V4, enforced(by(table({ stage: 'baseline', byDefault: 3, rows: { 2: 4 } }))), [
      'counter deny-baseline-in/x/web', 'in_deny_baseline4 10.0.0.1 : "deny-baseline-in/x/web"', 'in_judged4 10.0.0.1', 'in_tiers4 10.0.0.1 : 0:2',
      'in_baseline4 0:2 . 10.0.0.1 : 0:4', 'in_baseline_default4 10.0.0.1 : 0:3',
    ]],
    ['by tiers for egress: what it sends to its own node is judged, too', V4, enforced(undefined, by(
      table({ stage: 'admin', direction: 'egress', byDefault: 5 }), table({ stage: 'baseline', direction: 'egress' }),
    )), [
      'counter deny-admin-out/x/web', 'counter deny-baseline-out/x/web', 'out_admin_default4 10.0.0.1 : 0:5', 'out_deny_admin4 10.0.0.1 : "deny-admin-out/x/web"',
      'out_deny_baseline4 10.0.0.1 : "deny-baseline-out/x/web"', 'out_judged4 10.0.0.1', 'out_tiers4 10.0.0.1 : 0:1', 'own_judged4 10.0.0.1',
    ]],
    ['by NetworkPolicies alone for egress: not what it sends to its own node', V4, enforced(undefined, by(table({ direction: 'egress' }))), [
      'counter deny-out/x/web', 'out_deny4 10.0.0.1 : "deny-out/x/web"', 'out_judged4 10.0.0.1', 'self4 10.0.0.1 . 10.0.0.1',
    ]],
  ])('%s, and then no more', (_, address, of, expected) => {
    elements.set(address, of)
    expect(linesOf(store)).toEqual([...expected].sort())
    elements.set(address, undefined)
    expect(linesOf(store)).toEqual([])
  })
})

describe('what is known of it', () => {
  test('what can deny there, and whether it is judged, and by tiers', () => {
    elements.set(V4, enforced(by(table({ stage: 'admin' }), table()), 'nothing'))
    elements.set(V6, enforced(by(table({ stage: 'admin' }), table({ stage: 'baseline' }))))
    expect([elements.denials(V4, 'ingress'), elements.denials(V4, 'egress'), elements.denials(V6, 'ingress'), elements.denials(V6, 'egress')]).toEqual([
      ['admin', 'isolation'], ['isolation'], ['admin', 'baseline'], [],
    ])
    expect([elements.isJudged(V4, 'ingress'), elements.isJudged(V4, 'egress'), elements.isJudged(V6, 'egress')]).toEqual([true, true, false])
    expect([elements.isJudgedByTiers(V4, 'ingress'), elements.isJudgedByTiers(V4, 'egress'), elements.isJudgedByTiers(V6, 'ingress')]).toEqual([true, false, true])
  })

  test('every change of what can deny is a revision', () => {
    const revisions = [
      enforced(by(table({ byDefault: 1 }))), enforced(by(table({ byDefault: 2 }))), enforced(by(table({ stage: 'admin' }), table({ byDefault: 2 }))), enforced('nothing'), undefined,
    ].map((of) => {
      elements.set(V4, of)
      return elements.revision
    })
    expect(revisions).toEqual([1, 1, 2, 3, 4]) // another list is none
  })
})

describe('from one table to another', () => {
  test('only what differs is written', () => {
    const [before, after] = [table({ byDefault: 7, rows: { 1: 8, 2: 9 } }), table({ byDefault: 7, rows: { 2: 9, 3: 10 } })]
    elements.set(V4, enforced(by(before)))
    store.flush()
    elements.set(V4, enforced(by(after)))
    const { sets, counters } = store.flush()!
    expect([...sets.keys()]).toEqual(['in_pair4'])
    expect([sets.get('in_pair4')?.deleted.size, sets.get('in_pair4')?.added.size, counters.added.size, counters.deleted.size]).toEqual([1, 1, 0, 0])
  })

  test('another pod at the same address has its own counter', () => {
    const of = table()
    elements.set(V4, enforced(by(of)))
    store.flush()
    elements.set(V4, enforced(by(of), undefined, DB))
    expect(linesOf(store)).toEqual(['counter deny-in/x/db', 'in_deny4 10.0.0.1 : "deny-in/x/db"', 'in_judged4 10.0.0.1', 'self4 10.0.0.1 . 10.0.0.1'])
    expect([...store.flush()!.sets.keys()]).toEqual(['in_deny4'])
  })

  test('a counter stays while the pod\'s other address needs it', () => {
    elements.set(V4, enforced(by(table())))
    elements.set(V6, enforced(by(table())))
    elements.set(V4, undefined)
    expect([...store.counters]).toEqual(['deny-in/x/web'])
    elements.set(V6, undefined)
    expect([...store.counters]).toEqual([])
  })

  test('rows that change are those of all addresses that have the table, and of no other', () => {
    const [one, other] = [table({ rows: { 1: 8 } }), table()]
    elements.set(V4, enforced(by(one)))
    elements.set(addressOf('10.0.0.2'), enforced(by(one), undefined, DB))
    elements.set(addressOf('10.0.0.3'), enforced(by(other)))
    changeRow(one, 1, 11)
    changeRow(one, 2, 12)
    changeRow(other, 1, undefined)
    expect(linesOf(store).filter((line) => line.startsWith('in_pair'))).toEqual([
      'in_pair4 0:1 . 10.0.0.1 : 0:b', 'in_pair4 0:1 . 10.0.0.2 : 0:b', 'in_pair4 0:2 . 10.0.0.1 : 0:c', 'in_pair4 0:2 . 10.0.0.2 : 0:c',
    ])
    elements.set(V4, undefined)
    changeRow(one, 1, 13)
    expect(linesOf(store).filter((line) => line.includes('10.0.0.1'))).toEqual([])
  })

  test('what a stage says does not touch what another does', () => {
    const [admin, network] = [table({ stage: 'admin', byDefault: 3, rows: { 1: 4 } }), table({ byDefault: 7, rows: { 1: 8 } })]
    elements.set(V4, enforced(by(admin, network)))
    store.flush()
    elements.set(V4, enforced(by(table({ stage: 'admin', byDefault: 5, rows: { 1: 6 } }), network)))
    expect([...store.flush()!.sets.keys()].sort()).toEqual(['in_admin4', 'in_admin_default4'])
    elements.set(V4, enforced(by(network)))
    expect(changedLines(store.flush())).toEqual([
      '- counter deny-admin-in/x/web', '- in_admin4 0:1 . 10.0.0.1 : 0:6', '- in_admin_default4 10.0.0.1 : 0:5',
      '- in_deny_admin4 10.0.0.1 : "deny-admin-in/x/web"', '- in_isolated4 10.0.0.1', '- in_tiers4 10.0.0.1 : 0:1',
    ])
  })

  test('whatever there was before, the elements are those of what is now', () => {
    const rowsArb = fc.dictionary(fc.constantFrom('1', '2', '3'), fc.integer({ min: 1, max: 4 }))
    const lists = fc.option(fc.record({ byDefault: fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined }), rows: rowsArb }), { nil: undefined })
    const tablesArb = (direction: Direction): fc.Arbitrary<Tables> => fc.record({ admin: lists, network: lists, baseline: lists }).map((of) => (
      by(...(['admin', 'network', 'baseline'] as const).flatMap((stage) => (of[stage] === undefined ? [] : [table({ ...of[stage], stage, direction } as Of)])))
    )).filter(({ admin, network, baseline }) => [admin, network, baseline].some((each) => each !== undefined))
    const sideArb = (direction: Direction): fc.Arbitrary<Side> => fc.oneof(
      { weight: 5, arbitrary: tablesArb(direction) }, { weight: 1, arbitrary: fc.constant('nothing' as const) }, { weight: 1, arbitrary: fc.constant(undefined) },
    )
    const stepArb = fc.record({ pod: fc.constantFrom(WEB, DB), ingress: sideArb('ingress'), egress: sideArb('egress') })
    property(fc.array(fc.option(stepArb, { nil: undefined, freq: 6 }), { minLength: 1, maxLength: 5 }), (steps) => {
      const [way, fresh] = [new ContentStore(), new ContentStore()]
      const [along, once] = [new Elements(way), new Elements(fresh)]
      for (const step of steps) along.set(V4, step)
      once.set(V4, steps.at(-1))
      expect(linesOf(way)).toEqual(linesOf(fresh))
    })
  })
})
