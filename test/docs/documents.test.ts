// Documents, as far as they can be compared with the code: links lead somewhere, named tests exist, and every setting is listed.
import { existsSync, globSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { parse } from 'yaml'
import { OPTIONS, type OptionName } from '../../src/config/options.ts'
import { MAX_BLOCKS, MAX_NESTED, MAX_PEERS, MAX_PORTS, MAX_PRODUCT } from '../../src/policy/limits.ts'

const REPOSITORY = join(import.meta.dirname, '..', '..')
const read = (path: string): string => readFileSync(join(REPOSITORY, path), 'utf8')
const DOCUMENTS = globSync(['*.md', '{docs,deploy,examples,charts/*,test/e2e}/*.md'], { cwd: REPOSITORY })

/** As the forge makes them of headings. */
function anchorsOf(text: string): string[] {
  return [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) => heading.toLowerCase().replace(/[^\w\- ]/g, '').replaceAll(' ', '-'))
}

test.each(DOCUMENTS)('links of %s lead to a file and a heading', (document) => {
  const links = [...read(document).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link).filter((link) => !/^https?:/.test(link))
  const broken = links.filter((link) => {
    const [file = '', anchor] = link.split('#')
    const path = file === '' ? document : join(dirname(document), file)
    return !existsSync(join(REPOSITORY, path)) || (anchor !== undefined && !anchorsOf(read(path)).includes(anchor))
  })
  expect(broken).toEqual([])
})

test.each(DOCUMENTS)('commands that %s names are there', (document) => {
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> }
  const named = [...read(document).matchAll(/npm run ([\w:]+)/g)].map(([, name = '']) => name)
  expect(named.filter((name) => !(name in scripts))).toEqual([])
})

test.each(DOCUMENTS)('files and folders of the repository that %s names are there', (document) => {
  const paths = [...read(document).matchAll(/(?<![\w./-])(?:src|test|lab|demo|bench|scripts)\/[\w./-]*\w/g)].map(([path]) => path)
  expect(paths.filter((path) => !existsSync(join(REPOSITORY, path)))).toEqual([])
})

describe('docs/semantics.md', () => {
  const rows = read('docs/semantics.md').split('\n').filter((line) => line.startsWith('| ') && !line.startsWith('| situation'))

  test('has more than forty statements', () => {
    expect(rows.length).toBeGreaterThan(40)
  })

  test.each(rows.map((row) => [row.split(' | ')[0]!.slice(2), row]))('a test holds: %s', (_, row) => {
    const [, path = '', title = ''] = /`(test\/[^`]+)` "([^|]+)" \|$/.exec(row) ?? []
    expect(title).not.toBe('')
    const place = join(REPOSITORY, path)
    const files = statSync(place).isDirectory() ? readdirSync(place).map((name) => join(place, name)) : [place]
    expect(files.some((file) => readFileSync(file, 'utf8').includes(title))).toBe(true)
  })
})

test('limits of a policy are those of the code, also where they are repeated', () => {
  const inWords = (limit: number): string => limit.toLocaleString('en-US')
  const [, section = ''] = /### How large a policy may be\n([^]*?)\n##/.exec(read('docs/semantics.md')) ?? []
  expect([...section.matchAll(/^- ([\d,]+) /gm)].map(([, limit]) => limit)).toEqual(
    [MAX_BLOCKS, MAX_NESTED, MAX_PEERS, MAX_PORTS, MAX_PRODUCT].map(inWords),
  )
  expect(read('docs/install.md')).toContain(
    `at most ${inWords(MAX_BLOCKS)} ipBlocks, ${inWords(MAX_PEERS)} peers and excepts, and ${inWords(MAX_PORTS)} ports`,
  )
})

describe('docs/configuration.md', () => {
  const text = read('docs/configuration.md')
  const values = parse(read('charts/vethguard/values.yaml')) as Record<string, unknown>

  test('has every setting: flag, environment variable, value of the chart, default', () => {
    const rows = text.split('\n').filter((line) => line.startsWith('| `--'))
    const expected = (Object.keys(OPTIONS) as OptionName[]).map((name) => {
      const { flag, env, default: byDefault } = { default: undefined, ...OPTIONS[name] } as { flag: string; env: string; default?: string }
      const value = name in values ? `\`${name}\`` : ''
      return [`\`${flag.replaceAll('|', '\\|')}\``, `\`${env}\``, value, byDefault === undefined ? '' : `\`${byDefault}\``]
    })
    expect(rows.map((row) => row.split(/(?<!\\)\|/).slice(1, 5).map((cell) => cell.trim()))).toEqual(expected)
  })

  test('has every other value of the chart', () => {
    const settings = new Set<string>(Object.keys(OPTIONS))
    expect(Object.keys(values).filter((name) => !settings.has(name) && !text.includes(`\`${name}\``))).toEqual([])
  })
})
