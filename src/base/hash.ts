// Short names for long texts: the same text has the same name at every start and on every node.
import { hash } from 'node:crypto'

/** Hexadecimal digits of SHA-256 that are kept: 64 bits, so that two texts in one cluster never meet. */
const DIGEST_DIGITS = 16
export const FINGERPRINT_DIGITS = 8

/** The first 64 bits of SHA-256 as 16 hexadecimal digits. For names that must not collide. */
export function digest(text: string): string {
  return hash('sha256', text, 'hex').slice(0, DIGEST_DIGITS)
}

/** FNV-1a of 32 bits as 8 hexadecimal digits: some times as fast as digest(). For texts that are told apart among a few hundred. */
export function fingerprint(text: string): string {
  let bits = 0x811c9dc5
  for (let at = 0; at < text.length; at++) bits = Math.imul(bits ^ text.charCodeAt(at), 0x01000193)
  return (bits >>> 0).toString(16).padStart(FINGERPRINT_DIGITS, '0')
}
