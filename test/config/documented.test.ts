// README's table of settings has each with its flag, variable and default.
import { readFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import { OPTIONS } from '../../src/config/options.ts'

test('README has every setting, and no other', () => {
  const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8')
  const rows = Array.from(readme.matchAll(/^\| `(--[a-z-]+)` \| `([A-Z_]+)` \| (?:`([^`]+)`)? ?\|/gm), ([, flag, env, byDefault = '']) => [flag, env, byDefault])
  const options = Object.values(OPTIONS).map((option) => [option.flag.split(' ')[0], option.env, 'default' in option ? option.default : ''])
  expect(rows).toEqual(options)
})
