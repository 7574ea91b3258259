// One value for all that are equal: pods of one workload say the same in most fields, and there may be 150,000 of them.
import type { Pod } from '../cluster/objects.ts'

/**
 * So many values are remembered in each of two generations; those not seen for so long are forgotten, so that what is gone does not
 * add up. An API server lists pods by their names: those of one workload come together.
 */
const GENERATION = 5000

export class Interner {
  readonly #texts = new Remembered<string>()
  readonly #values = new Remembered<object>()

  /** The same pod, made of shared parts. */
  pod(pod: Pod): Pod {
    return {
      ...pod,
      namespace: this.#texts.of(pod.namespace, pod.namespace),
      nodeName: this.#texts.of(pod.nodeName, pod.nodeName),
      labels: this.#value(pod.labels),
      ports: this.#value(pod.ports),
    }
  }

  #value<T extends object>(value: T): T {
    return this.#values.of(JSON.stringify(value), value) as T // equal JSON is equal type
  }
}

class Remembered<T> {
  #young = new Map<string, T>()
  #old = new Map<string, T>()

  /** What was given first for this key. */
  of(key: string, value: T): T {
    const found = this.#young.get(key)
    if (found !== undefined) return found
    const kept = this.#old.get(key) ?? value
    if (this.#young.size >= GENERATION) {
      this.#old = this.#young
      this.#young = new Map()
    }
    this.#young.set(key, kept)
    return kept
  }
}
