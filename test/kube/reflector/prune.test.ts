import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { type Fields, Pruner } from '../../../src/kube/reflector/prune.ts'
import { property } from '../../property.ts'

const names = fc.constantFrom('a', 'b', 'c', 'ab', 'with "quotes" \\', 'ü')
const { json } = fc.letrec<{ json: unknown }>((tie) => ({
  json: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom<unknown>(null, true, 0, -1.5e9, '', 'plain', 'ü€😀', '"},]{\\', '\n\u2028'),
    fc.array(tie('json'), { maxLength: 4 }),
    fc.dictionary(names, tie('json'), { maxKeys: 5 }),
  ),
}))
const { fields } = fc.letrec<{ fields: Fields | true }>((tie) => ({
  fields: fc.oneof({ depthSize: 'small' }, fc.constant<true>(true), fc.dictionary(names, tie('fields'), { maxKeys: 3 })),
}))
const fieldTree = fc.dictionary(names, fields, { maxKeys: 4 })

/** What prune is to do, on values. */
function pick(value: unknown, wanted: Fields | true): unknown {
  if (wanted === true || typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map((item) => pick(item, wanted))
  const kept = Object.entries(value).filter(([name]) => Object.hasOwn(wanted, name))
  return Object.fromEntries(kept.map(([name, inner]) => [name, pick(inner, wanted[name] ?? true)]))
}

describe('prune', () => {
  test('keeps what is wanted, of any JSON, with any white space', () => {
    property(fc.tuple(json, fieldTree, fc.constantFrom('', ' ', '\n\t')), ([value, wanted, indent]) => {
      const pruned = new Pruner(wanted).prune(Buffer.from(JSON.stringify(value, null, indent)))
      expect(JSON.parse(pruned)).toEqual(pick(value, wanted))
    })
  })

  test('comes to an end on what is no JSON, and does not make JSON of half an object', () => {
    property(fc.tuple(json, fieldTree, fc.nat()), ([value, wanted, cut]) => {
      const text = Buffer.from(JSON.stringify({ a: value }))
      const half = text.subarray(0, cut % text.length)
      expect(() => JSON.parse(new Pruner(wanted).prune(half)) as unknown).toThrow()
    })
    property(fc.tuple(fc.uint8Array({ maxLength: 40 }), fieldTree), ([bytes, wanted]) => {
      new Pruner(wanted).prune(Buffer.from(bytes))
    })
  })

  test('what came before does not show', () => {
    property(fc.tuple(json, json, fieldTree), ([before, value, wanted]) => {
      const pruner = new Pruner(wanted)
      pruner.prune(Buffer.from(JSON.stringify(before)))
      expect(JSON.parse(pruner.prune(Buffer.from(JSON.stringify(value))))).toEqual(pick(value, wanted))
    })
  })

  test('a pod loses what does not matter', () => {
    const pod = { metadata: { name: 'a', managedFields: [{ fieldsV1: { 'f:a': {} } }] }, spec: { containers: [{ env: [1], ports: [] }] } }
    const wanted = { metadata: { name: true }, spec: { containers: { ports: true } } } as const
    expect(new Pruner(wanted).prune(Buffer.from(JSON.stringify(pod)))).toBe('{"metadata":{"name":"a"},"spec":{"containers":[{"ports":[]}]}}')
  })
})
