// Whose hits a counter has, if its name does not tell: in its comment, which people and the agent's next life read. Where that is too long
// for it, counters beside it, which nothing counts with, have short hashes of all: `members-in/set-HASH-1`, `-2`, and so on.
import { kindOfPolicy, policyName, splitKey } from '../cluster/objects.ts'
import { getOrAdd } from '../base/collections.ts'
import { fingerprint, FINGERPRINT_DIGITS } from '../base/hash.ts'
import type { CounterName } from '../nftables/content.ts'
import type { CounterValue } from '../nftables/transaction.ts'
import type { Direction } from '../policy/types.ts'
import { type CounterMeaning, SHORT } from './counter-names.ts'
import type { Hit } from './stages/verdict.ts'

/** `NFTNL_UDATA_COMMENT_MAXLEN` is 128 with the final zero. */
const LONGEST_COMMENT = 127
const CUT = '...'
/** Hits in one list, a space between two. */
const IN_A_LIST = Math.floor((LONGEST_COMMENT + 1) / (FINGERPRINT_DIGITS + 1))

/**
 * What a person reads beside a counter: `shop: cart, web` for several policies of a namespace, `edge ingress[3] Deny` for a rule of a
 * ClusterNetworkPolicy, and these one after the other.
 * @returns undefined if the name says it all
 */
export function describe(meaning: CounterMeaning): string | undefined {
  if (!isOfSeveral(meaning)) return undefined
  let text = ''
  let namespace: string | undefined // that of the policies named last
  for (const hit of meaning.hits) {
    const separator = text === '' ? '' : '; '
    const of = isOfRule(hit) ? undefined : splitKey(hit.policy)
    if (of === undefined) text += `${separator}${ruleText(meaning.direction, hit)}`
    else text += of.namespace === namespace ? `, ${of.name}` : `${separator}${of.namespace}: ${of.name}`
    namespace = of?.namespace
    if (text.length > LONGEST_COMMENT) return `${text.slice(0, LONGEST_COMMENT - CUT.length)}${CUT}` // there may be a thousand more
  }
  return text
}

/**
 * The counters beside this one that have what its comment cannot hold: their names, and the hits that each lists. Without hashes, since
 * a counter comes and goes more often than it is written. One hit needs no list: the name of its counter tells it, and may be so long that
 * no name with more in it could be written.
 */
export function memberLists(name: CounterName, meaning: CounterMeaning): (readonly [CounterName, readonly Hit[]])[] {
  if (!isOfSeveral(meaning) || meaning.hits.length < 2 || describe(meaning)?.endsWith(CUT) !== true) return []
  const { hits } = meaning
  return Array.from({ length: Math.ceil(hits.length / IN_A_LIST) }, (_, at) => {
    return [listName(name, at + 1), hits.slice(at * IN_A_LIST, (at + 1) * IN_A_LIST)] as const
  })
}

/** What such a list has in its comment. */
export function describeList(hits: readonly Hit[]): string {
  return hits.map(({ key }) => fingerprint(key)).join(' ')
}

/** Whether this is the counter of several hits in this direction, or of one whose name was too long. */
export function isSetOf(direction: Direction, name: CounterName): boolean {
  return name.startsWith(`${SHORT[direction]}/set-`)
}

/**
 * Finds whose hits such a counter has.
 * @param counters what the kernel has
 * @param hits all that there can be in the direction
 */
export function memberFinder(
  counters: ReadonlyMap<CounterName, CounterValue>,
  direction: Direction,
  hits: Iterable<Hit>,
): (name: CounterName) => Hit[] {
  const all = [...hits]
  const byText = new Map(all.map((hit) => [textOf(direction, hit), hit]))
  const byHash = new Map<string, Hit[]>()
  for (const hit of all) getOrAdd(byHash, fingerprint(hit.key), () => []).push(hit)
  return (name) => {
    const { comment = '' } = counters.get(name) ?? {}
    if (comment.endsWith(CUT)) {
      const isNear = isInComment(comment)
      return listed(name, counters).flatMap((hash) => byHash.get(hash) ?? []).filter(isNear)
    }
    return comment.split('; ').flatMap(entriesOf).flatMap((text) => byText.get(text) ?? [])
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

/** Short hashes may be alike in different namespaces: one that the comment does not begin to name is out. */
function isInComment(comment: string): (hit: Hit) => boolean {
  const namespace = /(?:^|; )([^ ;]+): [^;]*$/.exec(comment)?.[1]
  return (hit) => isOfRule(hit) || namespace === undefined || splitKey(hit.policy).namespace === namespace
}

/** `shop: cart, web` → `shop: cart` and `shop: web`; the text of a rule is one. */
function entriesOf(text: string): string[] {
  const [namespace, names] = text.split(': ')
  return names === undefined ? [text] : names.split(', ').map((each) => `${namespace}: ${each}`)
}

function textOf(direction: Direction, hit: Hit): string {
  const { namespace, name } = splitKey(hit.policy)
  return isOfRule(hit) ? ruleText(direction, hit) : `${namespace}: ${name}`
}

function ruleText(direction: Direction, { policy, action, rule }: Hit): string {
  return `${policyName(policy)} ${direction}[${rule}] ${action.charAt(0).toUpperCase()}${action.slice(1)}`
}

type OfSeveral = Extract<CounterMeaning, { kind: 'hits' }>

/** A rule's counter has a comment too: the name has its number, but not in the words of the object. */
function isOfSeveral(meaning: CounterMeaning): meaning is OfSeveral {
  return meaning.kind === 'hits' && (meaning.hits.length > 1 || meaning.hits.some(isOfRule))
}

function isOfRule({ policy }: Hit): boolean {
  return kindOfPolicy(policy) === 'ClusterNetworkPolicy'
}

function listName(name: CounterName, number: number): CounterName {
  return `members-${name}-${number}` as CounterName
}
