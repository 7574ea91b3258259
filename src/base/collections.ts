// Maps of collections: what the standard library leaves out.

/** The value of a key, made where it is missing. */
export function getOrAdd<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  let value = map.get(key)
  if (value === undefined) map.set(key, (value = make()))
  return value
}

export function addTo<K, V>(map: Map<K, Set<V>>, key: K, value: V): void {
  getOrAdd(map, key, () => new Set<V>()).add(value)
}

/** Takes a value (of a map: its key) out; an empty collection goes with it. */
export function removeFrom<K, V>(map: Map<K, Set<V>> | Map<K, Map<V, unknown>>, key: K, value: V): void {
  const values = map.get(key)
  values?.delete(value)
  if (values?.size === 0) map.delete(key)
}

/** What is in one of the two only. @param a in ascending order of ids, as `b` */
export function symmetricDifference<T extends { readonly id: number }>(a: readonly T[], b: readonly T[]): T[] {
  const only: T[] = []
  let at = 0
  for (const one of b) {
    for (let other = a[at]; other !== undefined && other.id < one.id; other = a[++at]) only.push(other)
    if (a[at] === one) at++
    else only.push(one)
  }
  return [...only, ...a.slice(at)]
}
