// The kernel of `--dry-run`, and how it is told what would be done: as nft text where a person can read that, else in numbers.
import type { Logger } from 'pino'
import { elementsIn, summaryOf } from '../agent/summary.ts'
import { FakeKernel } from '../nftables/fake/kernel.ts'
import { render } from '../nftables/render.ts'
import type { Transaction } from '../nftables/transaction.ts'

/** A text of more lines is told at debug only: those of a large cluster are megabytes. */
const READABLE_LINES = 1000
/** Container runtimes cut lines at 16 KiB; quotes and line ends take two characters in JSON. */
const LONGEST_TEXT = 7000

const WOULD_BE = 'would be done; the kernel is left as it is'

export function dryRun(log: Logger): FakeKernel {
  return new FakeKernel((transaction) => tell(log, transaction))
}

function tell(log: Logger, transaction: Transaction): void {
  const { whole, sets, counters } = summaryOf(transaction)
  const summary = { whole, sets, counters } // elements are in the text
  const lines = elementsIn(transaction) + transaction.commands.length
  const level = lines <= READABLE_LINES ? 'info' : 'debug'
  if (!log.isLevelEnabled(level)) {
    log.info(summary, `${WOULD_BE}; --log-level debug shows it as nft text`)
    return
  }
  const [first, ...others] = pieces(render(transaction))
  log.info(level === 'info' ? { ...summary, nft: first } : summary, WOULD_BE)
  for (const nft of level === 'info' ? others : [first, ...others]) log[level]({ nft }, 'and this with it')
}

/** Whole lines together. */
function pieces(text: string): string[] {
  const found = ['']
  for (const line of text.split(/(?<=\n)/)) {
    const last = found.at(-1) ?? ''
    if (last !== '' && last.length + line.length > LONGEST_TEXT) found.push(line)
    else found[found.length - 1] = last + line
  }
  return found
}
