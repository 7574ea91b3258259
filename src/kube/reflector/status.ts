// metav1.Status of failure -> ApiServerError: from responses, and from ERROR events of watches.
import type { Readable } from 'node:stream'
import { ApiServerError } from '../../base/errors.ts'

/** Longer ones are not from an API server, and nobody reads them. */
const MAX_BYTES = 64 * 1024
const MAX_MESSAGE = 500
const TOO_LARGE = 'ResourceVersionTooLarge'

/** The error in a response's body; servers on the way may also answer in plain text. */
export async function readError(status: number, retryAfter: string | string[] | undefined, body: Readable): Promise<ApiServerError> {
  const text = await readText(body)
  return apiError(parsed(text) ?? { message: text.trim() }, status, retryAfterMs(String(retryAfter ?? '')))
}

/** @param object a Status; its code counts if it has one */
export function apiError(object: unknown, status = 500, retryAfter?: number): ApiServerError {
  const { code, reason, message, details } = isRecord(object) ? object : {}
  const text = typeof message === 'string' && message !== '' ? message.slice(0, MAX_MESSAGE) : 'no reason given'
  return new ApiServerError(text, {
    status: typeof code === 'number' && code > 0 ? code : status,
    reason: reasonIn(reason, details),
    retryAfterMs: retryAfter ?? secondsOf(details),
  })
}

/** That of the cause where it says more: the version asked for is one that the server has not reached (it was restored). */
function reasonIn(reason: unknown, details: unknown): string {
  const causes: unknown = isRecord(details) ? details['causes'] : []
  const isTooLarge = Array.isArray(causes) && causes.some((cause) => isRecord(cause) && cause['reason'] === TOO_LARGE)
  if (isTooLarge) return TOO_LARGE
  return typeof reason === 'string' ? reason : ''
}

/** The version that we know is no longer, or not yet, in the server's history: all must be reread. */
export function isExpired(error: unknown): boolean {
  return error instanceof ApiServerError && (error.status === 410 || ['Expired', 'Gone', TOO_LARGE].includes(error.reason))
}

/** The server does not know or does not want what was asked, and will not by trying again. */
export function isRefused(error: unknown): boolean {
  return error instanceof ApiServerError && [400, 404, 405, 406, 415, 422, 501].includes(error.status)
}

/** Seconds; dates are not used by API servers. */
function retryAfterMs(header: string): number | undefined {
  return /^\d+$/.test(header) ? Number(header) * 1000 : undefined
}

function secondsOf(details: unknown): number | undefined {
  const seconds = isRecord(details) ? details['retryAfterSeconds'] : undefined
  return typeof seconds === 'number' && seconds > 0 ? seconds * 1000 : undefined
}

async function readText(body: Readable): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of body as AsyncIterable<Buffer>) {
    chunks.push(chunk)
    bytes += chunk.length
    if (bytes > MAX_BYTES) break // and the rest is thrown away with the connection
  }
  return Buffer.concat(chunks).toString('utf8')
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}
