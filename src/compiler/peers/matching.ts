// Which groups match which predicates: the one place where selectors meet labels on the peers' side.
import { addTo, removeFrom } from '../../base/collections.ts'
import type { Labels } from '../../cluster/objects.ts'
import { matches } from '../../policy/selector.ts'
import type { Selector } from '../../policy/types.ts'
import type { Alike, Group, GroupPredicate, NodePredicate, PodPredicate, PodSelection, PortName } from '../model.ts'
import { type Groups, NO_POD } from './groups.ts'
import type { Predicates } from './predicates.ts'

/** One of the selections of a predicate. */
interface Alternative extends PodSelection {
  readonly of: PodPredicate
}

/** Alternatives with the same namespaces, and the known namespaces that match. */
interface Selection {
  readonly selector: Selector
  readonly namespaces: Set<string>
  readonly alternatives: Set<Alternative>
}

export class Matching {
  readonly #groups: Groups
  readonly #predicates: Predicates
  readonly #namespaces = new Map<string, Labels>()
  readonly #alternatives = new Map<PodPredicate, readonly Alternative[]>()
  readonly #byName = new Map<string, Set<Alternative>>()
  readonly #bySelector = new Map<string, Selection>()
  readonly #ofNodes = new Set<NodePredicate>()

  constructor(groups: Groups, predicates: Predicates) {
    this.#groups = groups
    this.#predicates = predicates
  }

  /**
   * A namespace's labels; undefined: unknown, then only an empty selector matches it.
   * @returns groups to match anew
   */
  setNamespace(name: string, labels: Labels | undefined): Iterable<Group> {
    if (labels === undefined) this.#namespaces.delete(name)
    else this.#namespaces.set(name, labels)
    for (const { selector, namespaces } of this.#bySelector.values()) {
      if (labels !== undefined && matches(selector, labels)) namespaces.add(name)
      else namespaces.delete(name)
    }
    return this.#groups.inNamespace(name)
  }

  /** Starts to match a predicate. @returns the groups it matches */
  addPods(predicate: PodPredicate): Iterable<Group> {
    const alternatives = predicate.any.map((each): Alternative => ({ ...each, of: predicate }))
    this.#alternatives.set(predicate, alternatives)
    for (const each of alternatives) this.#add(each)
    return new Set(predicate.any.flatMap((each) => [...this.matching(each)]))
  }

  /** Starts to match a predicate of nodes. @returns the groups it matches */
  addNodes(predicate: NodePredicate): Group[] {
    this.#ofNodes.add(predicate)
    return [...this.#groups.ofNodes()].filter((group) => isOfNodes(predicate, group))
  }

  removeNodes(predicate: NodePredicate): void {
    this.#ofNodes.delete(predicate)
  }

  /** @returns groups that have a port of this name */
  addName(name: PortName): Group[] {
    return [...this.#groups.ofPods()].filter(({ ports }) => ports.some((port) => port.name === name.name && port.protocol === name.protocol))
  }

  removePods(predicate: PodPredicate): void {
    for (const alternative of this.#alternatives.get(predicate) ?? []) this.#remove(alternative)
    this.#alternatives.delete(predicate)
  }

  /** Whether there is a namespace of those that a selection of a predicate which is being matched is about. */
  matchesNamespace({ namespaces }: PodSelection): boolean {
    if ('name' in namespaces) return this.#namespaces.has(namespaces.name)
    return (this.#bySelector.get(JSON.stringify(namespaces))?.namespaces.size ?? 0) > 0
  }

  /** The groups in a selection of a predicate which is being matched. */
  *matching({ namespaces, pods }: PodSelection): Iterable<Group> {
    for (const group of this.#candidates(namespaces)) if (matches(pods, group.labels)) yield group
  }

  /** Everything that holds of a group, by ascending ids. */
  predicatesOf(group: Alike): GroupPredicate[] {
    const found: GroupPredicate[] = []
    if (group.namespace !== NO_POD) this.#addPodPredicates(group, found)
    if (group.nodes.length > 0) for (const predicate of this.#ofNodes) if (isOfNodes(predicate, group)) found.push(predicate)
    return found.sort((a, b) => a.id - b.id)
  }

  #addPodPredicates(group: Alike, found: GroupPredicate[]): void {
    const ofPods = new Set<PodPredicate>()
    const add = (alternatives: Iterable<Alternative>) => {
      for (const { of, pods } of alternatives) if (!ofPods.has(of) && matches(pods, group.labels)) ofPods.add(of)
    }
    add(this.#byName.get(group.namespace) ?? [])
    for (const selection of this.#bySelector.values()) if (holds(selection, group.namespace)) add(selection.alternatives)
    found.push(...ofPods, ...this.#portsOf(group))
  }

  #portsOf(group: Alike): GroupPredicate[] {
    return group.ports.flatMap(({ name, protocol, port }) => {
      const asked = this.#predicates.name(protocol, name)
      return asked === undefined ? [] : [this.#predicates.port(asked, port)]
    })
  }

  #add(alternative: Alternative): void {
    const { namespaces } = alternative
    if ('name' in namespaces) addTo(this.#byName, namespaces.name, alternative)
    else this.#selection(namespaces).alternatives.add(alternative)
  }

  #remove(alternative: Alternative): void {
    const { namespaces } = alternative
    if ('name' in namespaces) {
      removeFrom(this.#byName, namespaces.name, alternative)
      return
    }
    const key = JSON.stringify(namespaces)
    const selection = this.#bySelector.get(key)
    selection?.alternatives.delete(alternative)
    if (selection?.alternatives.size === 0) this.#bySelector.delete(key)
  }

  *#candidates(namespaces: PodSelection['namespaces']): Iterable<Group> {
    if ('name' in namespaces) {
      yield* this.#groups.inNamespace(namespaces.name)
      return
    }
    const selection = this.#bySelector.get(JSON.stringify(namespaces))
    if (selection === undefined) return
    if (isEmpty(selection)) yield* this.#groups.ofPods()
    else for (const namespace of selection.namespaces) yield* this.#groups.inNamespace(namespace)
  }

  #selection(selector: Selector): Selection {
    const key = JSON.stringify(selector)
    const known = this.#bySelector.get(key)
    if (known !== undefined) return known
    const matching = [...this.#namespaces].filter(([, labels]) => matches(selector, labels)).map(([name]) => name)
    const selection = { selector, namespaces: new Set(matching), alternatives: new Set<Alternative>() }
    this.#bySelector.set(key, selection)
    return selection
  }
}

function isOfNodes({ any }: NodePredicate, { nodes }: Alike): boolean {
  return any.some((selector) => isOfNode(selector, nodes))
}

/** Whether a selector matches the labels of one of these nodes. */
export function isOfNode(selector: Selector, nodes: Alike['nodes']): boolean {
  return nodes.some((labels) => matches(selector, labels))
}

/** An empty selector also matches namespaces whose labels are not known (yet, or any more). */
function holds(selection: Selection, namespace: string): boolean {
  return isEmpty(selection) || selection.namespaces.has(namespace)
}

function isEmpty({ selector }: Selection): boolean {
  return selector.requirements.length === 0
}
