// The loop over a back end that refuses, rejects and dawdles at random: in the end the kernel has what it should.
import { afterEach, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Agent } from '../../src/agent/agent.ts'
import type { Change } from '../../src/source.ts'
import { changesOf, clusterArb, historyArb } from '../arbitrary/cluster.ts'
import { canonical } from '../compiler/canonical.ts'
import { asyncProperty } from '../property.ts'
import { agentOf, nextTurn, ToldSource, wanted } from './agent-in-process.ts'
import { MemoryBackend, MOODS } from './memory-backend.ts'

const PATIENCE_MS = 5000

let agent: Agent | undefined
afterEach(() => agent?.close()) // of a case that failed

async function started(first: readonly Change[]): Promise<{ source: ToldSource; backend: MemoryBackend }> {
  const [source, backend] = [new ToldSource(first), new MemoryBackend()]
  agent = agentOf(source, backend)
  await agent.start()
  return { source, backend }
}

/** Waits until nothing is under way any more and the kernel has this; gives what it has. */
async function settled(backend: MemoryBackend, expected: readonly string[]): Promise<string[]> {
  const deadline = performance.now() + PATIENCE_MS
  for (let quiet = 0; quiet < 3 && performance.now() < deadline; ) {
    await nextTurn()
    const isThere = !backend.isBusy && JSON.stringify(canonical(backend.content)) === JSON.stringify(expected)
    quiet = isThere ? quiet + 1 : 0
    if (!isThere) await sleep(1)
  }
  return canonical(backend.content)
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
    const expected = wanted([...changesOf(first), ...history])
    expect(await settled(backend, expected)).toEqual(expected)
    await agent?.close()
  }, 0.2)
})
