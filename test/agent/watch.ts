// Judges the same packets over and over while tables are replaced. nf_tables asks which generation is current at each look-up, so a
// packet that is being judged when the generation changes does not find what the old maps had, and is dropped. It is sent again, and
// the one after it is judged as ever. Probes are sent one after the other, from one CPU, so each commit drops one of them at most.
import type { Attempt, Verdict } from '../../lab/prober.ts'
import type { AgentLab } from './agent-lab.ts'

export interface Expected extends Attempt {
  readonly expected: Verdict
}

export class Watch {
  /** How often all was judged. */
  rounds = 0
  /** What got through although it was to be denied. */
  readonly leaked: string[] = []
  /** What was dropped although it was to be allowed. */
  readonly dropped: string[] = []
  readonly #lab: AgentLab
  readonly #expected: readonly Expected[]
  readonly #first: number

  constructor(lab: AgentLab, expected: readonly Expected[]) {
    this.#lab = lab
    this.#expected = expected
    this.#first = lab.generation()
  }

  /** How many commits the kernel has taken since the beginning. */
  get commits(): number {
    return this.#lab.generation() - this.#first
  }

  /** Judges until this has come about, with a pause after each round. */
  async during(event: Promise<unknown>, pause: () => Promise<unknown> | undefined): Promise<void> {
    const over = new AbortController()
    const end = (): void => over.abort()
    void event.then(end, end)
    while (!over.signal.aborted) {
      this.#judge()
      await pause()
    }
    await event
  }

  #judge(): void {
    const cells = this.#lab.prober.judge(this.#expected)
    this.rounds++
    for (const [index, { from, to, verdict }] of cells.entries()) {
      const { expected } = this.#expected[index]!
      const text = `${from.name} > ${to.name} ${verdict} in round ${this.rounds}`
      if (expected === 'denied' && verdict !== 'denied') this.leaked.push(text)
      else if (verdict !== expected) this.dropped.push(text)
    }
  }
}
