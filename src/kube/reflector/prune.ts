// JSON text -> the same with only the fields that are wanted. Nine tenths of a pod say nothing about packets (most of all
// managedFields); to walk over their bytes costs a fifth of what it costs to make objects of them.

/** Wanted fields: true: the whole value; otherwise fields of the object, or of each object of the list, that stands there. */
export interface Fields {
  readonly [name: string]: Fields | true
}

/** As it is compared: `"name"` in bytes. */
interface Pattern {
  readonly name: Buffer
  readonly inner: readonly Pattern[] | undefined
}

const [QUOTE, BACKSLASH, COMMA, COLON] = [0x22, 0x5c, 0x2c, 0x3a] as const
const [OPEN_OBJECT, CLOSE_OBJECT, OPEN_LIST, CLOSE_LIST] = [0x7b, 0x7d, 0x5b, 0x5d] as const
const SPACE = 0x20

const NOTHING = Buffer.alloc(0)

/** Larger buffers are not kept for the next text: they are rare, and stay rare. */
const LARGEST_KEPT_BYTES = 1 << 20

function patternOf(fields: Fields): Pattern[] {
  return Object.entries(fields).map(([name, inner]) => {
    return { name: Buffer.from(JSON.stringify(name)), inner: inner === true ? undefined : patternOf(inner) }
  })
}

/** Reads texts from front to back, and moves what is wanted together in a buffer that it keeps for the next one. */
export class Pruner {
  readonly #pattern: readonly Pattern[]
  #json: Buffer = NOTHING
  #kept: Buffer = NOTHING
  #at = 0
  #end = 0

  constructor(fields: Fields) {
    this.#pattern = patternOf(fields)
  }

  /**
   * Values of another shape than wanted are kept whole, for the reader to find fault with. Text that is no JSON comes out as
   * something that is none either, or with the fault in what was left out. Names are compared as they are written, without escapes.
   */
  prune(json: Buffer): string {
    this.#json = json
    if (this.#kept.length < json.length) this.#kept = Buffer.allocUnsafe(json.length)
    this.#at = 0
    this.#end = 0
    this.#value(this.#pattern)
    const text = this.#kept.toString('utf8', 0, this.#end)
    this.#json = NOTHING
    if (this.#kept.length > LARGEST_KEPT_BYTES) this.#kept = NOTHING
    return text
  }

  /** @returns true: it is kept */
  #value(pattern: readonly Pattern[] | undefined): boolean {
    this.#skipSpace()
    const start = this.#at
    const first = this.#json[start]
    if (pattern !== undefined && first === OPEN_OBJECT) this.#members(CLOSE_OBJECT, () => this.#field(pattern))
    else if (pattern !== undefined && first === OPEN_LIST) this.#members(CLOSE_LIST, () => this.#value(pattern))
    else this.#keep(start, this.#skipValue())
    return true
  }

  /** What stands between brackets; `member` reads one, and says whether it was kept. */
  #members(close: number, member: () => boolean): void {
    this.#keepBracket()
    this.#skipSpace()
    let comma = false
    while (this.#at < this.#json.length && this.#json[this.#at] !== close) {
      const before = this.#end
      if (comma) this.#kept[this.#end++] = COMMA
      if (member()) comma = true
      else this.#end = before
      this.#skipSpace()
      if (this.#json[this.#at] === COMMA) this.#at++
      this.#skipSpace()
    }
    this.#keepBracket()
  }

  /** At the end of half an object there is none: then nothing may look like one. */
  #keepBracket(): void {
    this.#keep(this.#at, this.#at + 1)
    this.#at++
  }

  #field(pattern: readonly Pattern[]): boolean {
    const start = this.#at
    const end = this.#skipValue()
    const wanted = pattern.find(({ name }) => this.#isAt(name, start, end))
    this.#skipSpace()
    if (this.#json[this.#at] === COLON) this.#at++
    this.#skipSpace()
    if (wanted === undefined) {
      this.#skipValue()
      return false
    }
    this.#keep(start, end)
    this.#kept[this.#end++] = COLON
    return this.#value(wanted.inner)
  }

  #isAt(name: Buffer, start: number, end: number): boolean {
    if (end - start !== name.length) return false
    for (let index = name.length - 1; index > 0; index--) if (this.#json[start + index] !== name[index]) return false
    return true
  }

  #keep(start: number, end: number): void {
    for (let index = start; index < end; index++) this.#kept[this.#end++] = this.#json[index] ?? SPACE
  }

  #skipSpace(): void {
    while (this.#at < this.#json.length && (this.#json[this.#at] ?? 0) <= SPACE) this.#at++
  }

  /** @returns where the value ends */
  #skipValue(): number {
    const first = this.#json[this.#at]
    if (first === QUOTE) this.#at = afterString(this.#json, this.#at)
    else if (first === OPEN_OBJECT || first === OPEN_LIST) this.#at = afterBrackets(this.#json, this.#at)
    else this.#at = afterWord(this.#json, this.#at)
    return this.#at
  }
}

function afterString(json: Buffer, start: number): number {
  let at = start + 1
  while (at < json.length && json[at] !== QUOTE) at += json[at] === BACKSLASH ? 2 : 1
  return at + 1
}

function afterBrackets(json: Buffer, start: number): number {
  let depth = 0
  let at = start
  while (at < json.length) {
    const byte = json[at]
    if (byte === QUOTE) {
      at = afterString(json, at)
      continue
    }
    at++
    if (byte === OPEN_OBJECT || byte === OPEN_LIST) depth++
    else if ((byte === CLOSE_OBJECT || byte === CLOSE_LIST) && --depth === 0) break
  }
  return at
}

/** Numbers, true, false, null. At least one byte, so that what is no JSON comes to an end too. */
function afterWord(json: Buffer, start: number): number {
  let at = start + 1
  while (at < json.length && !isDelimiter(json[at] ?? 0)) at++
  return at
}

function isDelimiter(byte: number): boolean {
  return byte === COMMA || byte === CLOSE_OBJECT || byte === CLOSE_LIST || byte === COLON || byte <= SPACE
}
