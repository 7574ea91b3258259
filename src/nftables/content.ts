// The variable part of the program: elements and counters. A plain value that can be compared, changed and stored.
import type { SetName } from './schema.ts'

/**
 * An element's key as the kernel keeps it: the bytes of its field, or of all fields, each padded to 4 bytes, as a latin1 string (one char
 * a byte). Addresses, protocols and ports in network order, classids in host order (little endian). In an interval set: the
 * first key followed by the last key, both inclusive.
 */
export type Key = string & { readonly __brand: 'Key' }

/** A classid (1..0xfffffffe), the name of a counter, or `true` in a set without data. */
export type Value = number | string | true

/** Name of an nft counter in table `inet vethguard`: at most 255 bytes of [a-z0-9./_-] that begin with a letter. nft takes no others. */
export type CounterName = string & { readonly __brand: 'CounterName' }

export interface Content {
  readonly sets: ReadonlyMap<SetName, ReadonlyMap<Key, Value>>
  readonly counters: ReadonlySet<CounterName>
}

/** What turns one content into another. A key whose value changes is in both `deleted` and `added`. */
export interface Delta {
  readonly sets: ReadonlyMap<SetName, SetDelta>
  readonly counters: { readonly added: ReadonlySet<CounterName>; readonly deleted: ReadonlySet<CounterName> }
}

export interface SetDelta {
  /** Key → the value it had. */
  readonly deleted: ReadonlyMap<Key, Value>
  readonly added: ReadonlyMap<Key, Value>
}
