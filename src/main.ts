// Where everything begins: the command line, and what an error says to the shell.
import process from 'node:process'
import { CommanderError } from 'commander'
import { programOf } from './cli/program.ts'
import { VethguardError } from './base/errors.ts'

/** As in sysexits and getopt: 0 done, 1 failed, 2 called wrongly. */
const EXIT = { done: 0, failed: 1, usage: 2 } as const

async function main(): Promise<number> {
  try {
    await programOf().parseAsync()
    return EXIT.done
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage // it has said why
    if (!(error instanceof VethguardError)) throw error
    process.stderr.write(`vethguard: ${error.message}${causes(error)}\n`)
    return error.code === 'CONFIG_INVALID' ? EXIT.usage : EXIT.failed
  }
}

/** What lies beneath, where the message does not tell it already; of a refusal by the kernel it tells what matters. */
function causes(error: Error): string {
  const { message, cause } = error
  if (error instanceof VethguardError && error.code === 'NODE_UNFIT') return ''
  if (!(cause instanceof Error) || cause instanceof AggregateError) return ''
  return (message.includes(cause.message) ? '' : `: ${cause.message}`) + causes(cause)
}

/** Who reads our output may have seen enough (`vethguard render | head`). */
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
  process.exit(EXIT.failed)
})

process.exitCode = await main()
