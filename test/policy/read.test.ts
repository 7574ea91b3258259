// Reading a NetworkPolicy: defaults of the API server, empty against missing, and how errors are confined.
import { describe, expect, test } from '@jest/globals'
import { readPolicy } from '../../src/policy/read.ts'
import { EVERYTHING } from '../../src/policy/selector.ts'
import type { Policy, Rule } from '../../src/policy/types.ts'

const TCP_80 = { kind: 'number', protocol: 'TCP', first: 80, last: 80 }
const NOTHING: Rule = { peers: [], ports: [] }
const NO_PEER: Rule = { peers: [], ports: 'any' }

function read(spec: unknown): { policy: Policy; fields: string[] } {
  const { policy, problems } = readPolicy({ metadata: { namespace: 'x', name: 'p' }, spec })
  return { policy: policy!, fields: problems.map(({ field }) => field) }
}

/** The one rule of a policy whose first ingress rule is this. */
function readRule(rule: unknown): { rule: Rule | undefined; fields: string[] } {
  const { policy, fields } = read({ podSelector: {}, ingress: [rule] })
  return { rule: policy.ingress?.[0], fields }
}

describe('policyTypes', () => {
  test.each([
    ['missing, no rules', {}, true, false],
    ['missing, empty egress', { egress: [] }, true, false],
    ['missing, egress null', { egress: null }, true, false],
    ['missing, egress rules', { egress: [{}] }, true, true],
    ['missing, unreadable egress', { egress: {} }, true, true],
    ['empty list, egress rules', { policyTypes: [], egress: [{}] }, true, true],
    ['Egress only', { policyTypes: ['Egress'] }, false, true],
    ['Ingress only, with egress rules', { policyTypes: ['Ingress'], egress: [{}] }, true, false],
    ['twice the same', { policyTypes: ['Egress', 'Egress'] }, false, true],
    ['misspelt entry', { policyTypes: ['ingress'] }, true, true],
    ['no list', { policyTypes: 'Ingress' }, true, true],
    ['misspelt field beside it', { policyTypes: ['Egress'], ingres: [] }, true, true],
  ])('%s', (_, spec, ingress, egress) => {
    const { policy } = read(spec)
    expect([policy.ingress !== undefined, policy.egress !== undefined]).toEqual([ingress, egress])
  })
})

describe('empty against missing', () => {
  test.each([
    ['an empty rule', {}, { peers: 'any', ports: 'any' }],
    ['empty lists', { from: [], ports: [] }, { peers: 'any', ports: 'any' }],
    ['null lists', { from: null, ports: null }, { peers: 'any', ports: 'any' }],
    ['an empty port', { ports: [{}] }, { peers: 'any', ports: [{ ...TCP_80, first: 0, last: 65_535 }] }],
    [
      'an empty pod selector',
      { from: [{ podSelector: {} }] },
      { peers: [{ kind: 'pods', namespaces: 'own', pods: EVERYTHING }], ports: 'any' },
    ],
    [
      'an empty namespace selector',
      { from: [{ namespaceSelector: {}, podSelector: null }] },
      { peers: [{ kind: 'pods', namespaces: EVERYTHING, pods: EVERYTHING }], ports: 'any' },
    ],
  ])('%s', (_, given, expected) => {
    expect(readRule(given)).toEqual({ rule: expected, fields: [] })
  })

  test('no spec isolates every pod of the namespace for ingress, as on an API server, and says so', () => {
    const { policy, fields } = read(null)
    expect(policy).toEqual({ key: 'x/p', namespace: 'x', name: 'p', podSelector: EVERYTHING, ingress: [], egress: undefined })
    expect(fields).toEqual(['spec'])
  })
})

describe('errors stay where they are', () => {
  test.each<[string, unknown, Rule, string[]]>([
    ['a misspelt field of a rule', { form: [] }, NOTHING, ['spec.ingress[0].form']],
    ['the field of the other direction', { to: [] }, NOTHING, ['spec.ingress[0].to']],
    ['no list of peers', { from: {} }, NOTHING, ['spec.ingress[0].from']],
    ['a null rule', null, NOTHING, ['spec.ingress[0]']],
    ['an empty peer', { from: [{}] }, NO_PEER, ['spec.ingress[0].from[0]']],
    ['a misspelt peer', { from: [{ podselector: {} }] }, NO_PEER, ['spec.ingress[0].from[0].podselector']],
    ['a block beside a selector', { from: [{ ipBlock: { cidr: '::/0' }, podSelector: {} }] }, NO_PEER, ['spec.ingress[0].from[0]']],
    ['one bad port', { ports: [{ port: 0 }, { port: 80 }] }, { peers: 'any', ports: [TCP_80] } as Rule, ['spec.ingress[0].ports[0].port']],
    ['every port bad', { ports: [{ port: '80' }] }, { peers: 'any', ports: [] }, ['spec.ingress[0].ports[0].port']],
    [
      'a bad operator',
      { from: [{ podSelector: { matchExpressions: [{ key: 'a', operator: 'in', values: ['x'] }] } }] },
      NO_PEER,
      ['spec.ingress[0].from[0].podSelector.matchExpressions[0].operator'],
    ],
  ])('%s', (_, given, rule, fields) => {
    expect(readRule(given)).toEqual({ rule, fields })
  })

  test('a rule that cannot be read keeps its number', () => {
    expect(read({ ingress: [{ form: [] }, {}] }).policy.ingress).toEqual([NOTHING, { peers: 'any', ports: 'any' }])
  })

  test('a broken selector of targets selects every pod', () => {
    const { policy, fields } = read({ podSelector: { matchLabel: { a: 'b' } } })
    expect(policy.podSelector).toEqual(EVERYTHING)
    expect(fields).toEqual(['spec.podSelector.matchLabel'])
  })

  test.each([
    ['no name', { spec: {} }, 'metadata.name', /^default\/unnamed-[0-9a-f]{8}$/],
    ['a name that cannot be', { metadata: { namespace: 'x', name: 'A/b' }, spec: {} }, 'metadata.name', /^x\/unnamed-[0-9a-f]{8}$/],
    ['a namespace that cannot be', { metadata: { namespace: 'a/b', name: 'p' }, spec: {} }, 'metadata.namespace', /^a\?b\/p$/],
  ])('%s is reported, and the policy stays', (_, object, where, key) => {
    const { policy, problems } = readPolicy(object)
    expect(policy?.key).toMatch(key)
    expect(problems.map(({ field }) => field)).toEqual([where])
    expect(policy?.ingress).toEqual([])
  })

  test.each([null, 7, 'text', []])('%j is no policy at all', (object) => {
    const { policy, problems } = readPolicy(object)
    expect(policy).toBeUndefined()
    expect(problems).toHaveLength(1)
  })

  test('a message names object, field, what is wrong and the consequence', () => {
    const spec = { egress: [{ to: [{ ipBlock: { cidr: '10.0.0.0/33' } }] }] }
    const { problems } = readPolicy({ metadata: { namespace: 'x', name: 'p' }, spec })
    expect(problems).toEqual([{
      object: 'NetworkPolicy x/p',
      field: 'spec.egress[0].to[0].ipBlock.cidr',
      message: '"10.0.0.0/33" is no CIDR such as 10.0.0.0/8 or fd00::/64: this peer matches nothing',
      policy: 'x/p',
    }])
  })
})

describe('limits', () => {
  const block = { ipBlock: { cidr: '10.0.0.0/8', except: Array.from({ length: 50 }, (_, index) => `10.${index}.0.0/16`) } }

  test('500 blocks with 50 excepts, 1,000 ports and 1,000 ranges are taken', () => {
    const from = Array.from({ length: 500 }, () => block)
    const single = Array.from({ length: 1000 }, (_, index) => ({ port: index + 1 }))
    const ranges = Array.from({ length: 1000 }, (_, index) => ({ port: index + 1, endPort: index + 5 }))
    const { policy, fields } = read({ ingress: [{ from, ports: [...single, ...ranges] }] })
    expect(fields).toEqual([])
    expect(policy.ingress?.[0]?.peers).toHaveLength(500)
    expect(policy.ingress?.[0]?.ports).toHaveLength(2000)
  })

  test('ipBlocks may be many beside each other, and fewer within each other', () => {
    const isTaken = (cidrs: readonly string[]): boolean => read({ ingress: [{ from: cidrs.map((cidr) => ({ ipBlock: { cidr } })) }] }).fields.length === 0
    const beside = Array.from({ length: 9000 }, (_, index) => `10.${index >> 8}.${index & 255}.0/24`)
    const beside6 = Array.from({ length: 500 }, (_, index) => `fd00:${(index + 1).toString(16)}::/32`)
    expect(isTaken([...beside, ...beside6])).toBe(true)
    expect(isTaken([...beside, ...beside6, ...Array.from({ length: 55 }, () => '10.0.0.0/8')])).toBe(true) // 55 × 9,000 and 55 × 54 / 2
    expect(isTaken([...beside, ...beside6, ...Array.from({ length: 56 }, () => '10.0.0.0/8')])).toBe(false)
    expect(isTaken(Array.from({ length: 1000 }, () => '::/0'))).toBe(true)
    expect(isTaken(Array.from({ length: 1001 }, () => '::/0'))).toBe(false)
  })

  test('a policy larger than that isolates and allows nothing', () => {
    const { policy, fields } = read({ ingress: [{ from: Array.from({ length: 1001 }, () => block) }, {}] })
    expect(policy.ingress).toEqual([])
    expect(policy.egress).toBeUndefined()
    expect(fields).toEqual(['spec'])
  })
})
