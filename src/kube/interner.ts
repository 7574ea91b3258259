// One value for all that are equal: 150,000 pods have a few thousand different sets of labels and ports.
import type { Pod } from '../cluster/objects.ts'

/** So many values are remembered; then it starts afresh, so that what is gone does not add up. */
const LIMIT = 50_000

export class Interner {
  readonly #texts = new Map<string, string>()
  readonly #values = new Map<string, object>()

  /** The same pod, made of shared parts. */
  pod(pod: Pod): Pod {
    return {
      ...pod,
      namespace: this.#text(pod.namespace),
      nodeName: this.#text(pod.nodeName),
      labels: this.#value(pod.labels),
      ports: this.#value(pod.ports),
    }
  }

  #text(text: string): string {
    return remembered(this.#texts, text, text)
  }

  #value<T extends object>(value: T): T {
    return remembered(this.#values as Map<string, T>, JSON.stringify(value), value)
  }
}

function remembered<T>(known: Map<string, T>, key: string, value: T): T {
  const found = known.get(key)
  if (found !== undefined) return found
  if (known.size >= LIMIT) known.clear()
  known.set(key, value)
  return value
}
