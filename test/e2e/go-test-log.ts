// What a Go test says of its parts (`-test.v=test2json`, which prints outcomes as they come).
import type { CaseResult } from './case-result.ts'

interface Part {
  seconds: number
  outcome: 'PASS' | 'FAIL' | 'SKIP' | undefined
  readonly lines: Set<string>
}

/** Begins lines about tests. */
const MARK = '\u0016'
const OWNER = /^=== (?:RUN|NAME|CONT|PAUSE) +(\S*)$/
const OUTCOME = /^ *--- (PASS|FAIL|SKIP): (\S+) \(([\d.]+)s\)$/

/**
 * Reads the outcome of each direct part of a test that was not skipped. A part without an outcome has failed. The failure is what
 * the part has said, repetitions left out.
 */
export function readTestLog(log: string, test: string): CaseResult[] {
  const parts = new Map<string, Part>()
  let owner = ''
  for (const line of log.replaceAll(MARK, '').split('\n')) {
    const [, outcome, ended, seconds] = OUTCOME.exec(line) ?? []
    owner = OWNER.exec(line)?.[1] ?? ended ?? owner
    const [root, name] = owner.split('/')
    if (root !== test || name === undefined) continue
    const part = parts.get(name) ?? { seconds: 0, outcome: undefined, lines: new Set() }
    parts.set(name, part)
    part.lines.add(line)
    if (ended === `${test}/${name}`) Object.assign(part, { outcome, seconds: Number(seconds) })
  }
  return [...parts].filter(([, { outcome }]) => outcome !== 'SKIP').map(resultOf)
}

function resultOf([name, { seconds, outcome, lines }]: [string, Part]): CaseResult {
  const passed = outcome === 'PASS'
  return { name, passed, seconds, failure: passed ? '' : [...lines].join('\n') }
}
