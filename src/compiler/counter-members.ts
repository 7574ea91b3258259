// Whose a counter of several policies is: in its comment, which people and the agent's next life read. Where the names are too long for
// it, counters beside it, which nothing counts with, have short hashes of all: `members-in/set-HASH-1`, `-2`, and so on.
import { type PolicyKey, splitKey } from '../cluster/objects.ts'
import { getOrAdd } from '../base/collections.ts'
import type { CounterName } from '../nftables/content.ts'
import type { CounterValue } from '../nftables/transaction.ts'
import type { Direction } from '../policy/types.ts'
import { type CounterMeaning, SHORT } from './counter-names.ts'

/** `NFTNL_UDATA_COMMENT_MAXLEN` is 128 with the final zero. */
const LONGEST_COMMENT = 127
const CUT = '...'
/** Hexadecimal digits for one policy: enough to tell apart those of one namespace. */
const DIGITS = 8
/** Policies in one list, a space between two. */
const IN_A_LIST = Math.floor((LONGEST_COMMENT + 1) / (DIGITS + 1))

/** What a person reads beside a counter whose name does not tell: `shop: cart, web`. Policies of one counter are of one namespace. */
export function describe(meaning: CounterMeaning): string | undefined {
  if (!isOfSeveral(meaning)) return undefined
  let text = ''
  for (const key of meaning.policies) {
    const { namespace, name } = splitKey(key)
    text += `${text === '' ? `${namespace}: ` : ', '}${name}`
    if (text.length > LONGEST_COMMENT) return `${text.slice(0, LONGEST_COMMENT - CUT.length)}${CUT}`
  }
  return text
}

/**
 * The counters beside this one that have what its comment cannot hold: their names, and the policies that each lists. Without hashes, since
 * a counter comes and goes more often than it is written.
 */
export function memberLists(name: CounterName, meaning: CounterMeaning): (readonly [CounterName, readonly PolicyKey[]])[] {
  if (!isOfSeveral(meaning) || describe(meaning)?.endsWith(CUT) !== true) return []
  const { policies } = meaning
  return Array.from({ length: Math.ceil(policies.length / IN_A_LIST) }, (_, at) => {
    return [listName(name, at + 1), policies.slice(at * IN_A_LIST, (at + 1) * IN_A_LIST)] as const
  })
}

/** What such a list has in its comment. */
export function describeList(policies: readonly PolicyKey[]): string {
  return policies.map(shortHash).join(' ')
}

/** Whether this is the counter of several policies in this direction. */
export function isSetOf(direction: Direction, name: CounterName): boolean {
  return name.startsWith(`${SHORT[direction]}/set-`)
}

/**
 * Finds those of whom such a counter is.
 * @param counters what the kernel has
 * @param policies all that there are
 */
export function memberFinder(
  counters: ReadonlyMap<CounterName, CounterValue>,
  policies: ReadonlySet<PolicyKey>,
): (name: CounterName) => PolicyKey[] {
  const byNamespace = new Map<string, ReadonlyMap<string, PolicyKey>>()
  return (name) => {
    const { comment = '' } = counters.get(name) ?? {}
    const [namespace = '', names = ''] = comment.split(': ')
    if (!comment.endsWith(CUT)) return names.split(', ').map((each) => `${namespace}/${each}` as PolicyKey).filter((key) => policies.has(key))
    const byHash = getOrAdd(byNamespace, namespace, () => hashed(namespace, policies))
    return listed(name, counters).flatMap((one) => byHash.get(one) ?? [])
  }
}

/** The hashes in the lists beside a counter. */
function listed(name: CounterName, counters: ReadonlyMap<CounterName, CounterValue>): string[] {
  const hashes: string[] = []
  for (let number = 1, list; (list = counters.get(listName(name, number))) !== undefined; number++) {
    hashes.push(...list.comment?.split(' ') ?? [])
  }
  return hashes
}

function hashed(namespace: string, policies: ReadonlySet<PolicyKey>): Map<string, PolicyKey> {
  return new Map([...policies].filter((key) => key.startsWith(`${namespace}/`)).map((key) => [shortHash(key), key]))
}

type OfSeveral = Extract<CounterMeaning, { kind: 'hits' }>

function isOfSeveral(meaning: CounterMeaning): meaning is OfSeveral {
  return meaning.kind === 'hits' && meaning.policies.length > 1
}

function listName(name: CounterName, number: number): CounterName {
  return `members-${name}-${number}` as CounterName
}

/** FNV-1a of 32 bits: many policies may share many counters, and a cryptographic hash takes several times as long. */
function shortHash(key: PolicyKey): string {
  let hash = 0x811c9dc5
  for (let at = 0; at < key.length; at++) hash = Math.imul(hash ^ key.charCodeAt(at), 0x01000193)
  return (hash >>> 0).toString(16).padStart(DIGITS, '0')
}
