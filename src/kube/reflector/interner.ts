// One value for all that are equal: pods of one workload say the same in most fields, and there may be 150,000 of them.
import type { ClusterNode, Labels, Pod } from '../../cluster/objects.ts'

/**
 * So many values are remembered in each of two generations; those not seen for so long are forgotten, so that what is gone does not
 * add up. An API server lists pods by their names: those of one workload come together.
 */
const GENERATION = 5000

export class Interner {
  /** Apart from other texts: each comes back now and then, among thousands of labels that do not. */
  readonly #nodeNames = new Remembered<string>()
  readonly #texts = new Remembered<string>()
  readonly #values = new Remembered<object>()

  /** The same pod, made of shared parts. */
  pod(pod: Pod): Pod {
    return {
      ...pod,
      namespace: this.#text(pod.namespace),
      nodeName: this.#nodeNames.of(pod.nodeName, () => pod.nodeName),
      labels: this.#value(pod.labels, (labels) => mapValues(labels, (text) => this.#text(text))),
      ports: this.#value(pod.ports, (ports) => ports),
    }
  }

  /** The same node, with shared values of labels. */
  node(node: ClusterNode): ClusterNode {
    return { ...node, labels: mapValues(node.labels, (text) => this.#text(text)) }
  }

  #text(text: string): string {
    return this.#texts.of(text, () => text)
  }

  #value<T extends object>(value: T, make: (value: T) => T): T {
    return this.#values.of(JSON.stringify(value), () => make(value)) as T // equal JSON is equal type
  }
}

class Remembered<T> {
  #young = new Map<string, T>()
  #old = new Map<string, T>()

  /** What was made first for this key. */
  of(key: string, make: () => T): T {
    const found = this.#young.get(key)
    if (found !== undefined) return found
    const kept = this.#old.get(key) ?? make()
    if (this.#young.size >= GENERATION) {
      this.#old = this.#young
      this.#young = new Map()
    }
    this.#young.set(key, kept)
    return kept
  }
}

function mapValues(labels: Labels, map: (text: string) => string): Labels {
  return Object.fromEntries(Object.entries(labels).map(([name, text]) => [name, map(text)]))
}
