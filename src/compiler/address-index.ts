// Addresses in classes, findable by range: sorted buckets by prefix, so that a CIDR costs what it touches.
import type { AddressRange } from '../cluster/address.ts'
import type { Member } from './model.ts'

/** Bytes of the prefix that makes a bucket: IPv4 /24, IPv6 /64. */
const PREFIX: Readonly<Record<number, number>> = { 4: 3, 16: 8 }

/** Members of one family. */
export class AddressIndex {
  readonly #buckets = new Map<string, Set<Member>>()
  /** Prefixes in order; undefined after a bucket came or went. */
  #sorted: readonly string[] | undefined

  add(member: Member): void {
    const prefix = prefixOf(member.address)
    const bucket = this.#buckets.get(prefix)
    if (bucket !== undefined) {
      bucket.add(member)
      return
    }
    this.#buckets.set(prefix, new Set([member]))
    this.#sorted = undefined
  }

  delete(member: Member): void {
    const prefix = prefixOf(member.address)
    const bucket = this.#buckets.get(prefix)
    bucket?.delete(member)
    if (bucket?.size !== 0) return
    this.#buckets.delete(prefix)
    this.#sorted = undefined
  }

  count(range: AddressRange): number {
    let count = 0
    this.#visit(range, (bucket, whole) => {
      if (whole) count += bucket.size
      else for (const { address } of bucket) if (range.first <= address && address <= range.last) count++
    })
    return count
  }

  within(range: AddressRange): Member[] {
    const found: Member[] = []
    this.#visit(range, (bucket) => {
      for (const member of bucket) if (range.first <= member.address && member.address <= range.last) found.push(member)
    })
    return found
  }

  #visit(range: AddressRange, visit: (bucket: ReadonlySet<Member>, whole: boolean) => void): void {
    const from = prefixOf(range.first)
    const to = prefixOf(range.last)
    this.#sorted ??= [...this.#buckets.keys()].sort()
    for (let index = lowerBound(this.#sorted, from); index < this.#sorted.length; index++) {
      const prefix = this.#sorted[index]
      if (prefix === undefined || prefix > to) return
      const bucket = this.#buckets.get(prefix)
      if (bucket !== undefined) visit(bucket, from < prefix && prefix < to)
    }
  }
}

function prefixOf(address: string): string {
  return address.slice(0, PREFIX[address.length])
}

/** Index of the first element that is not smaller. */
function lowerBound(sorted: readonly string[], value: string): number {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((sorted[middle] ?? '') < value) low = middle + 1
    else high = middle
  }
  return low
}
