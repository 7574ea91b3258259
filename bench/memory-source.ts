// A source that says what the benchmark tells it to.
import type { Change, Source, SourceSink } from '../src/source.ts'

export class MemorySource implements Source {
  #first: readonly Change[]
  #sink: SourceSink | undefined

  constructor(first: readonly Change[]) {
    this.#first = first
  }

  start(sink: SourceSink): Promise<void> {
    this.#sink = sink
    sink.changes(this.#first)
    this.#first = [] // the agent keeps what it needs
    return Promise.resolve()
  }

  say(batch: readonly Change[]): void {
    this.#sink?.changes(batch)
  }

  close(): Promise<void> {
    return Promise.resolve()
  }
}
