// The two sums that IP packets carry. Conntrack checks both, so the frames of the lab must have them right.

/** The Internet checksum (RFC 1071) of all parts, taken as if they stood one after the other; all but the last of even length. */
export function internetChecksum(...parts: readonly Buffer[]): number {
  let sum = 0
  for (const part of parts) {
    for (let offset = 0; offset + 1 < part.length; offset += 2) sum += part.readUInt16BE(offset)
    if (part.length % 2 === 1) sum += (part[part.length - 1] ?? 0) << 8
  }
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16)
  return ~sum & 0xffff
}

const CRC32C_POLYNOMIAL = 0x82f63b78
const CRC32C_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ CRC32C_POLYNOMIAL : crc >>> 1
  return crc
})

/** CRC32c of an SCTP packet whose checksum field is zero (RFC 9260, appendix A); it goes in little-endian. */
export function crc32c(bytes: Buffer): number {
  let crc = 0xffffffff
  for (const byte of bytes) crc = (CRC32C_TABLE[(crc ^ byte) & 255] ?? 0) ^ (crc >>> 8)
  return (crc ^ 0xffffffff) >>> 0
}
