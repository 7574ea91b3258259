// How the demo speaks: headings, indented blocks, verdicts in colour. Without a terminal, or with NO_COLOR, it is plain text.
import process from 'node:process'
import colors from 'picocolors'

const INDENT = '   '

export function heading(number: number, text: string): void {
  process.stdout.write(`\n${colors.bold(colors.cyan(String(number)))}  ${colors.bold(text)}\n`)
}

export function say(text: string): void {
  process.stdout.write(`${text.split('\n').map((line) => (line === '' ? '' : INDENT + line).trimEnd()).join('\n')}\n`)
}

/** Says what is not as it should be. @returns how much that is */
export function complain(faults: readonly string[]): number {
  for (const fault of faults) say(colors.red(`✗ ${fault}`))
  return faults.length
}

export function verdictText(allowed: boolean): string {
  return allowed ? colors.green('allowed') : colors.yellow('denied')
}

export function milliseconds(ms: number): string {
  return `${ms < 10 ? ms.toPrecision(2) : Math.round(ms)} ms`
}

export function count(number: number, noun: string): string {
  const plural = noun.endsWith('y') ? `${noun.slice(0, -1)}ies` : `${noun}s`
  return `${number} ${number === 1 ? noun : plural}`
}
