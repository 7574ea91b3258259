// The loop over a back end that refuses, rejects and dawdles at random: in the end the kernel has what it should.
import { afterEach, test } from '@jest/globals'
import fc from 'fast-check'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Agent } from '../../src/agent/agent.ts'
import type { Change } from '../../src/source.ts'
import { changesOf, clusterArb, historyArb } from '../arbitrary/cluster.ts'
import { canonical } from '../compiler/canonical.ts'
import { until } from '../../lab/patience.ts'
import { asyncProperty } from '../property.ts'
import { agentOf, nextTurn, ToldSource, wanted } from './agent-in-process.ts'
import { MemoryBackend, MOODS } from './memory-backend.ts'

let agent: Agent | undefined
afterEach(() => agent?.close()) // of a case that failed

async function started(first: readonly Change[]): Promise<{ source: ToldSource; backend: MemoryBackend }> {
  const [source, backend] = [new ToldSource(first), new MemoryBackend()]
  agent = agentOf(source, backend)
  await agent.start()
  return { source, backend }
}

/** Waits until nothing is under way any more and the kernel has this. */
async function untilSettled(backend: MemoryBackend, expected: readonly string[]): Promise<void> {
  let quiet = 0
  await until(async () => {
    await nextTurn()
    const isThere = !backend.isBusy && JSON.stringify(canonical(backend.content)) === JSON.stringify(expected)
    quiet = isThere ? quiet + 1 : 0
    return quiet === 3
  }, () => `${expected.join('\n')}\nin the kernel, which has\n${canonical(backend.content).join('\n')}`)
}

const moodArb = fc.oneof({ weight: 3, arbitrary: fc.constantFrom('at once', 'late') }, { weight: 1, arbitrary: fc.constantFrom(...MOODS) })
/** What comes between two changes: nothing, a turn of the event loop, or time. */
const gapArb = fc.constantFrom('none', 'none', 'turn', 'time')

test('whatever goes wrong, the kernel has in the end what the source said last', async () => {
  const scenario = fc.record({
    first: clusterArb(),
    history: historyArb(),
    moods: fc.array(moodArb, { maxLength: 30 }),
    gaps: fc.array(gapArb, { minLength: 80, maxLength: 80 }),
  })
  await asyncProperty(scenario, async ({ first, history, moods, gaps }) => {
    const { source, backend } = await started(changesOf(first))
    backend.moods.push(...moods)
    for (const [index, change] of history.entries()) {
      source.say(change)
      if (gaps[index] === 'turn') await nextTurn()
      if (gaps[index] === 'time') await sleep(1)
    }
    await untilSettled(backend, wanted([...changesOf(first), ...history]))
    await agent?.close()
  }, 0.2)
})
