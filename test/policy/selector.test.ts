// Selectors: canonical form and matching, missing keys and empty values included.
import { describe, expect, test } from '@jest/globals'
import { matches, selectorOf, selectorText } from '../../src/policy/selector.ts'
import type { Operator, Requirement } from '../../src/policy/types.ts'

function need(key: string, operator: Operator, ...values: string[]): Requirement {
  return { key, operator, values }
}

describe('matches', () => {
  test.each([
    ['In with the value', need('a', 'In', 'x', 'y'), { a: 'y' }, true],
    ['In with another value', need('a', 'In', 'x'), { a: 'y' }, false],
    ['In without the key', need('a', 'In', 'x'), {}, false],
    ['In with the empty value', need('a', 'In', ''), { a: '' }, true],
    ['In with the empty value, without the key', need('a', 'In', ''), {}, false],
    ['NotIn with the value', need('a', 'NotIn', 'x'), { a: 'x' }, false],
    ['NotIn with another value', need('a', 'NotIn', 'x'), { a: 'y' }, true],
    ['NotIn without the key', need('a', 'NotIn', 'x'), { b: 'x' }, true],
    ['Exists with an empty value', need('a', 'Exists'), { a: '' }, true],
    ['Exists without the key', need('a', 'Exists'), { b: '' }, false],
    ['DoesNotExist with an empty value', need('a', 'DoesNotExist'), { a: '' }, false],
    ['DoesNotExist without the key', need('a', 'DoesNotExist'), {}, true],
    ['a key that every JavaScript object inherits', need('constructor', 'Exists'), {}, false],
    ['NotIn of an inherited key', need('toString', 'NotIn', 'x'), {}, true],
  ])('%s', (_, requirement, labels, expected) => {
    expect(matches({ requirements: [requirement] }, labels)).toBe(expected)
  })

  test('all requirements must hold; none is fulfilled by everything', () => {
    const both = { requirements: [need('a', 'In', 'x'), need('b', 'Exists')] }
    expect(matches(both, { a: 'x', b: '' })).toBe(true)
    expect(matches(both, { a: 'x' })).toBe(false)
    expect(matches({ requirements: [] }, {})).toBe(true)
  })
})

describe('selectorOf', () => {
  test('sorts and drops duplicates, of values and of requirements', () => {
    const selector = selectorOf([need('b', 'In', 'z', 'y', 'z'), need('a', 'Exists'), need('b', 'In', 'y', 'z')])
    expect(selector.requirements).toEqual([need('a', 'Exists'), need('b', 'In', 'y', 'z')])
  })

  test('the same in any order has one text, and it reads as kubectl writes it', () => {
    const parts = [need('a', 'NotIn', 'x'), need('b', 'DoesNotExist'), need('c', 'In', '')]
    expect(selectorText(selectorOf(parts))).toBe(selectorText(selectorOf(parts.toReversed())))
    expect(selectorText(selectorOf(parts))).toBe('!b,a notin (x),c in ()')
  })
})
