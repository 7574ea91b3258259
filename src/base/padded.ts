// Alignment to four bytes, as netlink has it, and keys of several fields in nftables.

/** @returns the bytes that a field of this length takes where each begins at a multiple of four */
export function padded(bytes: number): number {
  return (bytes + 3) & ~3
}
