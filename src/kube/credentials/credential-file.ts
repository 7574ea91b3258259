// Files with tokens and certificates, which another process replaces now and then.
import { readFileSync } from 'node:fs'
import { VethguardError } from '../../base/errors.ts'

/**
 * An empty file is an error: whoever writes it anew may have emptied it a moment ago. A request without its token would be one of
 * system:anonymous, which the API server refuses as forbidden (403) and not as unknown (401), so that nobody would read the file again.
 * @param hint what to do if it cannot be read
 * @returns the content, without white space around it
 * @throws VethguardError CONFIG_INVALID
 */
export function readCredential(file: string, hint: string): string {
  const content = read(file, hint).trim()
  if (content === '') throw new VethguardError('CONFIG_INVALID', `${file} is empty; ${hint}`)
  return content
}

function read(file: string, hint: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    throw new VethguardError('CONFIG_INVALID', `${file} cannot be read; ${hint}`, { cause })
  }
}
