// The atoms of all CIDR blocks: cuts the address space at every end of a range, and says which blocks hold in each piece.
import { getOrAdd } from '../../base/collections.ts'
import { type Address, type AddressRange, type Family, predecessor, successor } from '../../cluster/address.ts'
import type { BlockPredicate, BlockSet } from '../model.ts'

/** A maximal range in which exactly these blocks hold. */
export interface Piece extends AddressRange {
  readonly set: BlockSet
}

/** A step from one set to another by adding or taking away one block; remembered, because the same holes come again and again. */
interface Node extends BlockSet {
  readonly toggled: Map<BlockPredicate, Node>
}

/** @returns ascending pieces that cover the whole family; where no block holds the set is empty */
export function sweep(family: Family, blocks: Iterable<BlockPredicate>): Piece[] {
  const toggles = togglesOf(blocks)
  const lowest = '\0'.repeat(family === 4 ? 4 : 16) as Address
  const boundaries = [...new Set([lowest, ...toggles.keys()])].sort()
  const nodes = new Map<string, Node>()
  const pieces: Piece[] = []
  let node = intern(nodes, [])
  for (const [index, first] of boundaries.entries()) {
    for (const block of toggles.get(first) ?? []) node = toggle(nodes, node, block)
    const next = boundaries[index + 1]
    append(pieces, { first, last: (next && predecessor(next)) ?? lastOf(first), set: node })
  }
  return pieces
}

/** Where each block begins or ends to hold. A range that ends with the address space has no end. */
function togglesOf(blocks: Iterable<BlockPredicate>): Map<Address, BlockPredicate[]> {
  const toggles = new Map<Address, BlockPredicate[]>()
  for (const block of blocks) {
    for (const { first, last } of block.ranges) {
      const end = successor(last)
      for (const at of end === undefined ? [first] : [first, end]) getOrAdd(toggles, at, () => []).push(block)
    }
  }
  return toggles
}

function toggle(nodes: Map<string, Node>, node: Node, block: BlockPredicate): Node {
  const known = node.toggled.get(block)
  if (known !== undefined) return known
  const rest = node.blocks.filter((one) => one !== block)
  const next = intern(nodes, rest.length < node.blocks.length ? rest : [...rest, block].sort((a, b) => a.id - b.id))
  node.toggled.set(block, next)
  next.toggled.set(block, node)
  return next
}

function intern(nodes: Map<string, Node>, blocks: readonly BlockPredicate[]): Node {
  const key = blocks.map(({ id }) => id).join()
  const known = nodes.get(key)
  if (known !== undefined) return known
  const node: Node = { blocks, key, toggled: new Map() }
  nodes.set(key, node)
  return node
}

function append(pieces: Piece[], piece: Piece): void {
  const before = pieces.at(-1)
  if (before?.set === piece.set && successor(before.last) === piece.first) pieces[pieces.length - 1] = { ...piece, first: before.first }
  else pieces.push(piece)
}

function lastOf(address: Address): Address {
  return '\xff'.repeat(address.length) as Address
}
