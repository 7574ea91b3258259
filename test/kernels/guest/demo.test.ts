// The demo as it is: it judges every connection by itself, and fails on any that passes or is denied wrongly.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import process from 'node:process'
import { expect, test } from '@jest/globals'

const MAIN = join(import.meta.dirname, '..', '..', '..', 'demo', 'main.ts')

test('every connection is as the policies say', async () => {
  const demo = spawn(process.execPath, [MAIN], { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, NO_COLOR: '1' } })
  let output = ''
  demo.stdout.on('data', (data: Buffer) => (output += data.toString()))
  const [code] = await once(demo, 'close') as [number | null]
  expect(`${code}\n${output}`).toMatch(/^0\n/)
  expect(output).toContain('all is as before')
})
