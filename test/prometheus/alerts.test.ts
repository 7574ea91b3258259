// The alerts by themselves: promtool's judgement, and unit tests (alerts.yaml).
import { expect, test } from '@jest/globals'
import { join } from 'node:path'
import { CHART } from '../chart/helm.ts'
import { promtool } from './programs.ts'

test('promtool check rules', async () => {
  expect(await promtool('check', 'rules', '--lint=all', '--lint-fatal', join(CHART, 'files', 'alerts.yaml'))).toContain('SUCCESS')
})

test('promtool test rules', async () => {
  expect(await promtool('test', 'rules', join(import.meta.dirname, 'alerts.yaml'))).toContain('SUCCESS')
})
