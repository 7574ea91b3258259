// Changes of maps that can be taken back: a transaction is applied as a whole or not at all.

export class Journal {
  readonly #undo: (() => unknown)[] = []

  set<K, V>(map: Map<K, V>, key: K, value: V): void {
    this.#note(map, key)
    map.set(key, value)
  }

  delete<K, V>(map: Map<K, V>, key: K): void {
    this.#note(map, key)
    map.delete(key)
  }

  /** Takes everything back. */
  undo(): void {
    for (const step of this.#undo.reverse()) step()
  }

  #note<K, V>(map: Map<K, V>, key: K): void {
    const before = map.get(key)
    this.#undo.push(before === undefined ? () => map.delete(key) : () => map.set(key, before))
  }
}
