// What the kernel is to have.
//
//   changes ──▶ Compiler ────── rules ──────┐
//                   │ local pods            ├──▶ content, or what changes of it
//   veths ──▶ NodeBindings ── guard ────────┘
import type { Compiler } from '../compiler/compiler.ts'
import type { Content, CounterName, Delta, Key, Value } from '../nftables/content.ts'
import { union } from '../nftables/diff.ts'
import type { SetName } from '../nftables/schema.ts'
import type { Change } from '../source.ts'
import type { Steps } from '../base/steps.ts'
import type { Ledger } from '../counters/ledger.ts'
import type { NodeBindings } from '../guard/node-bindings.ts'

const NOTHING: ReadonlyMap<Key, Value> = new Map()

export interface DesiredOptions {
  readonly compiler: Compiler
  readonly node: NodeBindings
  /** Forgets policies and pods that are gone. */
  readonly ledger: Ledger
}

export class Desired {
  readonly #compiler: Compiler
  readonly #node: NodeBindings
  readonly #ledger: Ledger

  constructor({ compiler, node, ledger }: DesiredOptions) {
    this.#compiler = compiler
    this.#node = node
    this.#ledger = ledger
  }

  /** Everything. Sets and counters are live views. */
  get content(): Content {
    const { sets, counters } = this.#compiler.content
    return { sets: new Map([...sets, ...this.#node.content.sets]), counters }
  }

  /** A live view of one set; costs nothing, and may be asked for each element. */
  elements(set: SetName): ReadonlyMap<Key, Value> {
    return this.#node.content.sets.get(set) ?? this.#compiler.content.sets.get(set) ?? NOTHING
  }

  /** What a person is to read beside a counter. */
  describe(name: CounterName): string | undefined {
    return this.#compiler.counters.commentOf(name)
  }

  /** Whether these changes are to be taken in by applying(). */
  isMuchWork(changes: readonly Change[]): boolean {
    return this.#compiler.isMuchWork(changes)
  }

  /** Takes changes in. @returns what has to change in the kernel; undefined: nothing */
  apply(changes: readonly Change[]): Delta | undefined {
    return this.#withNode(changes, this.#compiler.apply(changes))
  }

  /** As apply(), for many changes: nothing of it is to be committed before its end. */
  *applying(changes: readonly Change[]): Steps<Delta | undefined> {
    return this.#withNode(changes, yield* this.#compiler.applying(changes))
  }

  /** Takes changes in of which nobody needs the difference: the kernel gets the whole content afterwards. */
  *loading(changes: readonly Change[]): Steps<Content> {
    yield* this.#compiler.loading(changes)
    this.#withNode(changes, undefined)
    return this.content
  }

  #withNode(changes: readonly Change[], compiled: Delta | undefined): Delta | undefined {
    const delta = union(compiled, this.#node.bind())
    this.#ledger.forget(changes)
    return delta
  }
}
