// The content that the kernel should have, for programs: the elements of each set, and what each counter counts.
import { kindOfPolicy, policyName, splitKey } from '../cluster/objects.ts'
import type { Compiler } from '../compiler/compiler.ts'
import type { CounterMeaning } from '../compiler/counter-names.ts'
import type { Hit } from '../compiler/stages/verdict.ts'
import type { CounterName, Key, Value } from '../nftables/content.ts'
import { classidText, keyText } from '../nftables/element-text.ts'
import { schemaOf, type SetName } from '../nftables/schema.ts'

/** @returns a document that ends with a newline */
export function renderJson(compiler: Compiler): string {
  const { sets, counters } = compiler.content
  const document = {
    sets: Object.fromEntries(Array.from(sets, ([set, elements]) => [set, elementsOf(set, elements)])),
    counters: [...counters].flatMap((name) => counterOf(compiler, name) ?? []),
  }
  return `${JSON.stringify(document, null, 2)}\n`
}

/** Of a set a list of keys, of a map an object, all as nft spells them. */
function elementsOf(set: SetName, elements: ReadonlyMap<Key, Value>): string[] | Record<string, Value> {
  if (schemaOf(set).data === undefined) return Array.from(elements.keys(), (key) => keyText(set, key))
  return Object.fromEntries(Array.from(elements, ([key, value]) => [keyText(set, key), typeof value === 'number' ? classidText(value) : value]))
}

/** undefined: it lists members of another, and counts nothing itself. */
function counterOf(compiler: Compiler, name: CounterName): object | undefined {
  const meaning = compiler.counters.meaningOf(name)
  return meaning && { name, comment: compiler.counters.commentOf(name), direction: meaning.direction, ...countedBy(meaning) }
}

function countedBy(meaning: CounterMeaning): object {
  if (meaning.kind === 'hits') return { hits: meaning.hits.map(hitOf) }
  const { namespace, name: pod } = splitKey(meaning.pod)
  return { denied: { by: meaning.by, namespace, pod } }
}

/** Only a NetworkPolicy has a namespace, and only a ClusterNetworkPolicy rules that are counted one by one. */
function hitOf({ policy, action, rule }: Hit): object {
  const kind = kindOfPolicy(policy)
  if (kind === 'ClusterNetworkPolicy') return { kind, policy: policyName(policy), action, rule }
  const { namespace, name } = splitKey(policy)
  return { kind, namespace, policy: name, action }
}
