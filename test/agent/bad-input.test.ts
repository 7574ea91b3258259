// Every case of bad input through the real agent, in one run: it lives, names what is wrong with object and field, keeps what is
// good in force in the kernel, and fails closed for the pods concerned.
import { mkdtempSync, renameSync, rmSync, unlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import type { Content } from '../../src/nftables/content.ts'
import { until } from '../../lab/patience.ts'
import { BAD_INPUTS } from '../bad-input/all.ts'
import { ADDRESSES, ALWAYS_CLOSED, ALWAYS_OPEN, type BadInput, GOOD } from '../bad-input/case.ts'
import { lookup } from '../../src/nftables/lookup.ts'
import { emptyKernel, type Kernel } from '../netlink/nf-tables/kernel.ts'
import { flow } from '../policy/state.ts'
import { AgentProcess } from './agent-process.ts'

/** So many cases one after another are more lines at once than are warnings (src/report/few-lines.ts): the others are for debugging. */
const LOG_LEVEL = 'debug'
/** Of this file something is wrong as long as a case is there: when that has gone, so has the case. */
const MARKER = 'marker.yaml'

let folder: string
let kernel: Kernel
let agent: AgentProcess

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'vethguard-bad-agent-'))
  kernel = emptyKernel()
  writeFileSync(join(folder, 'base.yaml'), GOOD)
  agent = new AgentProcess({ namespace: kernel.name, source: folder, args: ['--node-name', 'node-a', '--spoof-guard', 'off', '--tunnels', 'off', '--log-level', LOG_LEVEL] })
  await agent.heard('enforcing')
})
afterAll(async () => {
  await agent.kill()
  kernel.close()
  rmSync(folder, { recursive: true })
})

test.each(BAD_INPUTS)('$name', async (badInput) => {
  const since = agent.logs.length
  write(badInput.file ?? 'case.yaml', badInput.text)
  write(MARKER, 'a word')
  await agent.heard(new RegExp(`^${MARKER}#1: must be`), since)
  const expected = expectedLines(badInput)
  for (const { text } of expected) await agent.heard(text, since)
  await untilJudged(badInput)
  const lines = agent.logs.slice(since).filter(({ object }) => object !== undefined && object !== `${MARKER}#1`)
  expect(lines).toEqual(expected.map(({ line }) => line))
  await takeAway(badInput)
  expect(agent.isRunning).toBe(true)
})

function write(file: string, text: string): void {
  writeFileSync(join(folder, '.new'), text)
  renameSync(join(folder, '.new'), join(folder, file))
}

function expectedLines({ problems = [] }: BadInput) {
  return problems.map(([object, field, message]) => {
    const place = typeof object === 'string' ? escaped(object) : object.source.replace(/^\^|\$$/g, '')
    const told = message.source.startsWith('^') ? message.source.slice(1) : `.*${message.source}`
    const text = new RegExp(`^${place}: ${field === '' ? '' : `${escaped(field)} `}${told}`, 'u')
    const named = typeof object === 'string' ? object : expect.stringMatching(object)
    return { text, line: expect.objectContaining({ object: named, field }) }
  })
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&')
}

/** Waits until the kernel judges the case's flows as it should; then that is what it does. */
async function untilJudged({ open = [], closed = [] }: BadInput): Promise<void> {
  let wrong: string[] = []
  await until(async () => {
    const content = await kernel.content()
    const isOpen = (each: string): boolean => lookup(content as Content, flow(resolve(each))).allowed
    wrong = [...[...ALWAYS_OPEN, ...open].filter((each) => !isOpen(each)), ...[...ALWAYS_CLOSED, ...closed].filter(isOpen)]
    return wrong.length === 0
  }, () => `no flow to be judged wrongly; these are: ${wrong.join('; ')}`)
}

/** Names of pods become their addresses. */
function resolve(text: string): string {
  return text.split(' ').map((word) => ADDRESSES[word] ?? word).join(' ')
}

async function takeAway({ file = 'case.yaml' }: BadInput): Promise<void> {
  const since = agent.logs.length
  unlinkSync(join(folder, file))
  unlinkSync(join(folder, MARKER))
  await agent.heard(new RegExp(`^${MARKER}#1: no problem`), since)
}
