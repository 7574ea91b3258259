// What came of one machine: said line by line while it runs, and added up.
import type { Record } from './records.ts'

export type FileResult = 'passed' | 'failed' | 'hung' | 'missing'

export interface FileOutcome {
  readonly file: string
  readonly result: FileResult
  readonly passed: number
  readonly failed: number
  readonly skipped: number
  readonly seconds: number
}

export interface FailedTest {
  readonly file: string
  readonly name: string
  readonly said: string
}

export class Outcome {
  /** Debian's version of it, such as 6.1.192-2. */
  kernel = 'unknown'
  /** As `uname -m` says it. */
  arch = 'unknown'
  minutes = 0
  readonly files: FileOutcome[] = []
  readonly failures: FailedTest[] = []
  /** Jest has ended, with this code. */
  code: number | undefined
  readonly #wanted: readonly string[]
  readonly #say: (line: string) => void
  #running: string | undefined

  /** @param wanted files that are to be run */
  constructor(wanted: readonly string[], say: (line: string) => void) {
    this.#wanted = wanted
    this.#say = say
  }

  take(record: Record): void {
    switch (record.kind) {
      case 'kernel':
        this.arch = record.machine
        this.kernel = /Debian (\S+)/.exec(record.version)?.[1] ?? record.release
        this.#say(`Linux ${this.kernel} ${record.machine} is up`)
        break
      case 'start':
        this.#running = record.file
        break
      case 'test':
        if (record.status === 'failed') this.failures.push(record)
        break
      case 'file':
        this.#takeFile(record)
        break
      case 'end':
        this.code = record.code
    }
  }

  #takeFile(record: Extract<Record, { kind: 'file' }>): void {
    const { file, failed, said, ms } = record
    this.#running = undefined
    if (said !== '') this.failures.push({ file, name: '(the file)', said })
    this.#add({ ...record, result: failed > 0 || said !== '' ? 'failed' : 'passed', seconds: Math.round(ms / 1000) })
  }

  /** The machine is gone: what it did not come to has failed. */
  close(minutes: number): void {
    this.minutes = minutes
    const there = new Set(this.files.map(({ file }) => file))
    for (const file of this.#wanted.filter((each) => !there.has(each))) {
      this.#add({ file, result: file === this.#running ? 'hung' : 'missing', passed: 0, failed: 0, skipped: 0, seconds: 0 })
    }
  }

  get hasPassed(): boolean {
    return this.code === 0 && this.files.every(({ result }) => result === 'passed')
  }

  #add({ file, result, passed, failed, skipped, seconds }: FileOutcome): void {
    this.files.push({ file, result, passed, failed, skipped, seconds })
    const counts = [`${passed} passed`, ...(failed > 0 ? [`${failed} failed`] : []), ...(skipped > 0 ? [`${skipped} skipped`] : [])]
    this.#say(`${result.padEnd(7)} ${file}  ${counts.join(', ')}  ${seconds} s`)
  }
}
