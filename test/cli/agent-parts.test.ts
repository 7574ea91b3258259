// What an agent is made of follows from its settings.
import { expect, test } from '@jest/globals'
import pino from 'pino'
import { agentParts } from '../../src/cli/agent-parts.ts'
import { AGENT_OPTION_NAMES, OPTIONS } from '../../src/config/options.ts'
import { readConfig } from '../../src/config/read.ts'

const DEFAULTS = Object.fromEntries(Object.entries(OPTIONS).map(([name, option]) => [name, 'default' in option ? option.default : undefined]))

test.each([
  [{ events: 'on' }, true],
  [{ events: 'on', dryRun: 'on' }, false], // what it would deny is not denied
  [{}, false],
])('%j: Events are written: %s', async (given, isSo) => {
  const config = readConfig(AGENT_OPTION_NAMES, { ...DEFAULTS, nodeName: 'n', ...given })
  const { agent, metrics, events } = agentParts(config, pino({ level: 'silent' }))
  try {
    expect(events !== undefined).toBe(isSo)
  } finally {
    await agent.close()
    await events?.close()
    metrics.close()
  }
})
