// Partition refinement: when what is known of things changes, blocks of equal things split and merge; the larger part keeps
// its name, so that the kernel hears only of the smaller one.

/** A part of an old block: things that were equal and are equal again. */
export interface Part<Block> {
  readonly from: Block
  /** Signature the part has now. */
  readonly key: string
  /** Elements in the kernel that a new name would cost. */
  readonly weight: number
}

/**
 * Decides which old block goes on under which new signature: the heaviest parts first, each block and each signature once.
 * @param fixed blocks that keep their signature whatever happens (the empty one)
 * @returns signature → block that has it from now on; a signature that is missing needs a new block
 */
export function assign<Block>(parts: readonly Part<Block>[], fixed: ReadonlyMap<string, Block>): Map<string, Block> {
  const assigned = new Map(fixed)
  const taken = new Set(fixed.values())
  const heaviestFirst = [...parts].sort((a, b) => b.weight - a.weight)
  for (const { from, key } of heaviestFirst) {
    if (taken.has(from) || assigned.has(key)) continue
    assigned.set(key, from)
    taken.add(from)
  }
  return assigned
}
