// Keeps the guard's elements equal to what is known of local pods and veths.
import type { Pod } from '../cluster/objects.ts'
import type { Veth } from '../cluster/veth.ts'
import { bindPods, guardElements, type Bindings } from '../compiler/guard.ts'
import type { Content, Delta } from '../nftables/content.ts'
import { diff, emptyContent, isEmptyDelta } from '../nftables/diff.ts'

export class Guard {
  readonly #enabled: boolean
  #content = emptyContent()
  #bindings: Bindings = { bindings: new Map(), unbound: [] }

  constructor(enabled: boolean) {
    this.#enabled = enabled
  }

  get content(): Content {
    return this.#content
  }

  get bindings(): Bindings {
    return this.#bindings
  }

  /** Binds anew. @returns what changes in the kernel; undefined: nothing */
  update(localPods: Iterable<Pod>, veths: Iterable<Veth>): Delta | undefined {
    this.#bindings = bindPods(localPods, veths)
    const wanted: Content = { sets: this.#enabled ? guardElements(this.#bindings.bindings) : new Map(), counters: new Set() }
    const delta = diff(this.#content, wanted)
    this.#content = wanted
    return isEmptyDelta(delta) ? undefined : delta
  }
}
