// All addresses of the cluster, findable by range: sorted buckets by prefix, so that a CIDR costs what it touches.
import type { Address, AddressRange } from '../../cluster/address.ts'
import { getOrAdd } from '../../base/collections.ts'
import type { Member } from '../model.ts'

/** Bytes of the prefix that makes a bucket: IPv4 /24, IPv6 /64. */
const PREFIX: Readonly<Record<number, number>> = { 4: 3, 16: 8 }

interface Bucket {
  readonly members: Map<Address, Member>
  /** How many of them are in a class. */
  classed: number
}

/** Members of one family. Only those in a class are found by range: nothing depends on where the others lie. */
export class AddressIndex {
  readonly #buckets = new Map<string, Bucket>()
  /** Prefixes in order; undefined after a bucket came or went. */
  #sorted: readonly string[] | undefined

  get(address: Address): Member | undefined {
    return this.#buckets.get(prefixOf(address))?.members.get(address)
  }

  add(member: Member): void {
    this.#bucket(member).members.set(member.address, member)
  }

  delete(member: Member): void {
    const bucket = this.#bucket(member)
    bucket.members.delete(member.address)
    if (bucket.members.size > 0) return
    this.#buckets.delete(prefixOf(member.address))
    this.#sorted = undefined
  }

  enteredClass(member: Member): void {
    this.#bucket(member).classed++
  }

  leftClass(member: Member): void {
    this.#bucket(member).classed--
  }

  count(range: AddressRange): number {
    let count = 0
    this.#visit(range, (bucket, whole) => (count += whole ? bucket.classed : inRange(bucket, range).length))
    return count
  }

  within(range: AddressRange): Member[] {
    const found: Member[][] = []
    this.#visit(range, (bucket) => found.push(inRange(bucket, range)))
    return found.flat()
  }

  #bucket({ address }: Member): Bucket {
    return getOrAdd(this.#buckets, prefixOf(address), () => {
      this.#sorted = undefined
      return { members: new Map<Address, Member>(), classed: 0 }
    })
  }

  #visit(range: AddressRange, visit: (bucket: Bucket, whole: boolean) => void): void {
    const from = prefixOf(range.first)
    const to = prefixOf(range.last)
    this.#sorted ??= [...this.#buckets.keys()].sort()
    for (let index = lowerBound(this.#sorted, from); index < this.#sorted.length; index++) {
      const prefix = this.#sorted[index]
      if (prefix === undefined || prefix > to) return
      const bucket = this.#buckets.get(prefix)
      if (bucket !== undefined && bucket.classed > 0) visit(bucket, from < prefix && prefix < to)
    }
  }
}

function inRange({ members }: Bucket, { first, last }: AddressRange): Member[] {
  return [...members.values()].filter((member) => member.atom !== undefined && first <= member.address && member.address <= last)
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
