// The agent's settings and the chart's values are the same, by name, default and meaning.
import { expect, test } from '@jest/globals'
import { parse } from 'yaml'
import { AGENT_OPTION_NAMES, OPTIONS, type OptionName } from '../../src/config/options.ts'
import { chartFile, find, render, type Values } from './helm.ts'
import { MATRIX } from './matrix.ts'
import { templateOf } from './pod-template.ts'

/** The node's name is the pod's business (downward API): one for all nodes would be wrong on all but one. */
const NAMES = AGENT_OPTION_NAMES.filter((name) => name !== 'nodeName')
const values = parse(chartFile('values.yaml')) as Record<string, unknown>
const schema = JSON.parse(chartFile('values.schema.json')) as { properties: Record<string, { description?: string }> }

function flagOf(name: OptionName): string {
  return OPTIONS[name].flag.replace(/ .*/, '')
}

/** What the DaemonSet gives the agent, by flag. */
async function flags(given: Values): Promise<Map<string, string>> {
  const [container] = templateOf(find(await render(given), 'DaemonSet', (given['fullnameOverride'] as string | undefined) ?? 'vethguard')).spec.containers
  const [command, ...args] = container!.args!
  expect(command).toBe('agent')
  return new Map(args.map((argument) => argument.split(/=(.*)/s, 2) as [string, string]))
}

test('each setting is a value with a comment, and a property of the schema that names its flag', () => {
  expect(NAMES.filter((name) => !(name in values))).toEqual([])
  expect(NAMES.map((name) => schema.properties[name]?.description)).toEqual(NAMES.map(flagOf))
  const lines = chartFile('values.yaml').split('\n')
  expect(NAMES.filter((name) => !/^# {0,3}\S/.test(lines[lines.findIndex((line) => line.startsWith(`${name}:`)) - 1] ?? ''))).toEqual([])
})

test('no value is said to be a setting that the agent does not have', () => {
  const said = Object.entries(schema.properties).filter(([, { description = '' }]) => description.startsWith('--')).map(([name]) => name)
  expect(said.sort()).toEqual([...NAMES].sort())
})

test('values.yaml and the schema list the same values', () => {
  expect(Object.keys(schema.properties).filter((name) => name !== 'global').sort()).toEqual(Object.keys(values).sort())
})

test('the chart\'s defaults are those of the agent', async () => {
  const given = await flags({})
  const expected = NAMES.flatMap((name) => {
    const { default: byDefault } = { default: undefined, ...OPTIONS[name] } as { default?: string | undefined }
    return byDefault === undefined ? [] : [[flagOf(name), byDefault]]
  })
  expect(Object.fromEntries(given)).toEqual(Object.fromEntries(expected))
})

test.each(Object.entries(MATRIX))('the agent takes the flags of: %s', async (_, set) => {
  const given = await flags(set)
  const known = new Map(NAMES.map((name) => [flagOf(name), name]))
  for (const [flag, text] of given) {
    const name = known.get(flag)
    // What kubelet puts in place of a variable.
    const value = text.replace('$(HOST_IP)', 'fd00::1')
    expect({ flag, name, value, accepted: name !== undefined && OPTIONS[name].schema.safeParse(value).success }).toMatchObject({ accepted: true })
  }
})

test('every setting that is said reaches the agent', async () => {
  const set = MATRIX['every setting but source other than by default']!
  expect(NAMES.filter((name) => !(name in set))).toEqual(['source'])
  const [byDefault, given] = [await flags({}), await flags(set)]
  expect(NAMES.filter((name) => !given.has(flagOf(name)) || given.get(flagOf(name)) === byDefault.get(flagOf(name)))).toEqual(['source'])
  expect((await flags(MATRIX['a folder of manifests']!)).get('--source')).toBe('/manifests')
  expect(given.get('--metrics-policy-labels')).toBe('1000000')
  expect(given.get('--service-cidrs')).toBe('10.96.0.0/16,fd00:10:96::/112')
})
