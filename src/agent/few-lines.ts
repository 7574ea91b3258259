// Many lines that come at once: the first tell what it is about, the others are for those who look closer.
import type { Logger } from 'pino'

export interface Line {
  readonly level: 'debug' | 'info' | 'warn'
  readonly fields: Readonly<Record<string, unknown>>
  readonly text: string
}

/** So many at once are logged in full. */
export const FULL_LINES = 50

/** Writes the first lines as they are and the others at debug, and says how many these were. */
export function writeFew(log: Logger, lines: readonly Line[]): void {
  let written = 0
  let lowered = 0
  for (const { level, fields, text } of lines) {
    const isFull = level !== 'debug' && written < FULL_LINES
    if (isFull) written++
    else if (level !== 'debug') lowered++
    log[isFull ? level : 'debug'](fields, text)
  }
  if (lowered > 0) log.info({ lines: lowered }, `and ${lowered} more like these; --log-level debug shows them`)
}
