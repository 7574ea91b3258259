// A logger that keeps what it is told.
import pino, { type Logger } from 'pino'

export interface LogLine {
  readonly level: 'debug' | 'info' | 'warn' | 'error'
  readonly msg: string
  readonly [field: string]: unknown
}

export function keepingLog(): { readonly log: Logger; readonly lines: LogLine[] } {
  const lines: LogLine[] = []
  const write = (text: string): void => void lines.push(JSON.parse(text) as LogLine)
  return { log: pino({ level: 'debug', base: null, timestamp: false, formatters: { level: (level) => ({ level }) } }, { write }), lines }
}
