// Many lines that come at once: the first tell what it is about, the others are for those who look closer.
import type { Logger } from 'pino'

export interface Line {
  readonly level: 'debug' | 'info' | 'warn'
  readonly fields: Readonly<Record<string, unknown>>
  readonly text: string
}

/** So many at once are logged in full. */
export const FULL_LINES = 50
/** What is so far apart, in ms, does not come at once. */
const AT_ONCE_MS = 5000

/** For lines that come one by one. */
export class FewLines {
  readonly #log: Logger
  #written = 0
  #lowered = 0
  #end: NodeJS.Timeout | undefined

  constructor(log: Logger) {
    this.#log = log
  }

  /** The first as they are and the others at debug. */
  write({ level, fields, text }: Line): void {
    const isFull = level !== 'debug' && this.#written < FULL_LINES
    if (isFull) this.#written++
    else if (level !== 'debug') this.#lowered++
    this.#log[isFull ? level : 'debug'](fields, text)
    this.#end ??= setTimeout(() => this.close(), AT_ONCE_MS).unref()
  }

  /** Says how many were not written in full. What comes then is the first again. */
  close(): void {
    clearTimeout(this.#end)
    if (this.#lowered > 0) this.#log.info({ lines: this.#lowered }, `and ${this.#lowered} more like these; --log-level debug shows them`)
    this.#end = undefined
    this.#written = this.#lowered = 0
  }
}

/** For lines that are all there. */
export function writeFew(log: Logger, lines: readonly Line[]): void {
  const few = new FewLines(log)
  for (const line of lines) few.write(line)
  few.close()
}
