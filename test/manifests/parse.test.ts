// Manifest text: YAML and JSON, many documents, and text that is none or too much.
import { describe, expect, test } from '@jest/globals'
import { parseManifest } from '../../src/manifests/parse.ts'

function values(file: string, content: string): unknown[] {
  const { documents, errors } = parseManifest(file, content)
  expect(errors).toEqual([])
  return documents.map(({ value }) => value)
}

describe('good text', () => {
  test.each<[string, string, unknown[]]>([
    ['nothing', '', []],
    ['comments only', '# a\n---\n# b\n', []],
    ['several documents, one empty', 'a: 1\n---\n---\nb: 2\n', [{ a: 1 }, { b: 2 }]],
    ['a byte order mark', '\uFEFFa: 1\n', [{ a: 1 }]],
    ['Windows line ends', 'a: 1\r\nb:\r\n- 2\r\n', [{ a: 1, b: [2] }]],
    ['JSON in a YAML file', '{"a": [1, null]}', [{ a: [1, null] }]],
    ['anchors and merge keys', 'a: &x {p: 1}\nb: {<<: *x, q: 2}\n', [{ a: { p: 1 }, b: { p: 1, q: 2 } }]],
    ['words that older YAML took for booleans', 'a: [yes, on, no]', [{ a: ['yes', 'on', 'no'] }]],
    ['a key that JavaScript knows', '__proto__: {a: 1}', [JSON.parse('{"__proto__": {"a": 1}}')]],
  ])('%s', (_, content, expected) => {
    expect(values('f.yaml', content)).toEqual(expected)
  })

  test('documents are counted as they stand in the file', () => {
    expect(parseManifest('f.yaml', 'a: 1\n---\n---\nb: 2\n').documents.map(({ number }) => number)).toEqual([1, 3])
  })

  test('JSON', () => {
    expect(values('f.json', '\uFEFF{"a": 1}')).toEqual([{ a: 1 }])
    expect(values('f.json', ' ')).toEqual([])
  })

  test('two hundred uses of an anchor are no bomb', () => {
    const uses = Array.from({ length: 200 }, () => '- *x').join('\n')
    expect(values('f.yaml', `a: &x {p: 1}\nb:\n${uses}\n`)).toHaveLength(1)
  })
})

describe('bad text', () => {
  const laughs = ['a: &a [x, x, x, x, x, x, x, x, x]', ...'bcdefghij'.split('').map((name, index) => {
    const inner = `*${'abcdefghij'[index] ?? ''}`
    return `${name}: &${name} [${Array.from({ length: 9 }, () => inner).join(', ')}]`
  })].join('\n')

  test.each([
    ['indentation', 'f.yaml', 'a:\n  b: 1\n c: 2\n', /^document 1: .* at line 3, column 1/],
    ['a tab', 'f.yaml', 'a:\n\tb: 1\n', /^document 1: .* at line 2, column 1/],
    ['a key twice', 'f.yaml', 'a: 1\na: 2\n', /^document 1: Map keys must be unique at line 2, column 1/],
    ['an open quote', 'f.yaml', 'ok: 1\n---\na: "b\n', /^document 2: .*quote/],
    ['JSON cut short', 'f.json', '{"a": [1, 2', /^document 1: .*\(line 1 column 12\)/],
    ['an alias of nothing', 'f.yaml', 'a: *b\n', /^document 1: Unresolved alias/],
    ['a YAML bomb', 'f.yaml', laughs, /^document 1: Excessive alias count/],
    ['a document in itself', 'f.yaml', 'a: &a [*a]\n', /^document 1: /],
    ['brackets without end', 'f.yaml', '['.repeat(50_000), /./],
    ['deep nesting', 'f.json', '['.repeat(50_000) + ']'.repeat(50_000), /^document 1: nested more than 64 deep$/],
  ])('%s', (_, file, content, error) => {
    const { documents, errors } = parseManifest(file, content)
    expect(errors).toHaveLength(1)
    expect(errors[0]).toMatch(error)
    expect(errors[0]).not.toContain('\n')
    expect(documents.length).toBeLessThan(2)
  })

  test.each([
    ['many keys', (count: number) => Array.from({ length: count }, (_, n) => `k${n}: 1`).join('\n'), 0],
    ['one key many times', (count: number) => 'a: b\n'.repeat(count), 1],
    ['as many errors as letters', (count: number) => '"'.repeat(count), 1],
  ])('%s take a time that grows with their number only', (_, content, errors) => {
    const cpuOf = (count: number): number => {
      const before = process.cpuUsage()
      expect(parseManifest('f.yaml', content(count)).errors).toHaveLength(errors)
      return process.cpuUsage(before).user
    }
    const [few, many] = [cpuOf(8000), cpuOf(64_000)]
    expect(many / few).toBeLessThan(24) // eight times as many; were it the square, it would take 64 times as long
  })

  test.each(['a: {b: 1, b: 2}', '- {1: a, 1: b}', '? b\n? b\n', '"a": 1\na: 2'])('%j has a key twice', (content) => {
    expect(parseManifest('f.yaml', content).errors).toEqual([expect.stringMatching(/^document 1: Map keys must be unique at line \d, column \d+$/)])
  })

  test('the good documents beside a bad one are read', () => {
    const { documents, errors } = parseManifest('f.yaml', 'a: 1\n---\nb: [\n---\nc: 3\n')
    expect(documents.map(({ value }) => value)).toContainEqual({ a: 1 })
    expect(errors.length).toBeGreaterThan(0)
  })
})
