// Lines of a stream of bytes: watches send one JSON object a line, and chunks end anywhere.
import { VethguardError } from '../../base/errors.ts'

const LINE_FEED = 10
/** etcd takes objects of 1.5 MiB; what is much longer is no API server's, and would fill the memory. */
const MAX_LINE_BYTES = 64 * 1024 * 1024

export class LineSplitter {
  /** Pieces of the line that has not ended yet; joined once, so that long lines cost what they weigh. */
  #pieces: Buffer[] = []
  #bytes = 0

  /**
   * The lines that end in this chunk, without their line feed; empty ones are left out. What has no end yet is kept for
   * the next chunk, and is never given out if none comes.
   * @throws VethguardError SOURCE_UNREADABLE if a line is longer than any object can be
   */
  push(chunk: Buffer): Buffer[] {
    const lines: Buffer[] = []
    let start = 0
    for (let end = chunk.indexOf(LINE_FEED); end >= 0; end = chunk.indexOf(LINE_FEED, start)) {
      const line = this.#finish(chunk, start, end)
      start = end + 1
      if (line.length > 0) lines.push(line)
    }
    if (start < chunk.length) this.#keep(chunk.subarray(start))
    return lines
  }

  #finish(chunk: Buffer, start: number, end: number): Buffer {
    if (this.#pieces.length === 0) return chunk.subarray(start, end)
    const line = Buffer.concat([...this.#pieces, chunk.subarray(start, end)])
    this.#pieces = []
    this.#bytes = 0
    return line
  }

  #keep(piece: Buffer): void {
    this.#pieces.push(piece)
    this.#bytes += piece.length
    if (this.#bytes <= MAX_LINE_BYTES) return
    throw new VethguardError('SOURCE_UNREADABLE', `the API server sent a line of more than ${MAX_LINE_BYTES} bytes`)
  }
}
