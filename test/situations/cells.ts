// Pairs of ends, as tests list those that are open.
import { type Family, type Address } from '../../src/cluster/address.ts'
import type { Flow } from '../../src/policy/verdict.ts'
import { readObject } from '../../src/manifests/objects.ts'
import type { Change } from '../../src/source.ts'
import { type End, PODS, type Place, type PodName, slotOf } from './fixture.ts'
import type { Check, Moment } from './situation.ts'

export interface Cell<To extends End = End, From extends End = End> {
  readonly from: From
  readonly to: To
}

/** Every pod with every other. */
export const POD_CELLS: readonly Cell<PodName, PodName>[] = pairs(PODS, PODS)

export function pairs<From extends End, To extends End>(sources: readonly From[], destinations: readonly To[]): Cell<To, From>[] {
  return sources.flatMap((from) => destinations.filter((to: End) => to !== from).map((to) => ({ from, to })))
}

/** Those for which it is true, as `x/a > y/b`. */
export function listCells<C extends Cell>(cells: readonly C[], isOpen: (cell: C, index: number) => boolean): string[] {
  return cells.filter(isOpen).map(({ from, to }) => `${from} > ${to}`)
}

/** Those that a check wants open. */
export function wantedCells(cells: readonly Cell[], { expect: mayReach }: Check): string[] {
  return listCells(cells, ({ from, to }) => mayReach(from, to))
}

export function podAddress(place: Place, pod: PodName): Address {
  return inFamily(slotOf(place, pod), place.family)
}

export function inFamily({ v4, v6 }: { readonly v4: Address; readonly v6: Address }, family: Family): Address {
  return family === 4 ? v4 : v6
}

/** What a check sends, to the evaluator. */
export function packetOf({ protocol, port }: Check): Pick<Flow, 'protocol' | 'port'> {
  return { protocol: protocol === 'ICMP' ? 'other' : protocol, port }
}

/** What the objects of a moment say. @throws Error if other fields of them cannot be read than the moment names */
export function changesOf({ objects, problems }: Moment): Change[] {
  const readings = objects.map((object) => readObject(object))
  const fields = readings.flatMap((reading) => reading.problems.map(({ field }) => field))
  if (fields.join() !== problems.join()) throw new Error(`cannot be read: ${fields.join()}; expected: ${problems.join()}`)
  return readings.flatMap(({ changes }) => changes)
}
