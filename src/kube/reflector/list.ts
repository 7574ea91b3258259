// Everything of a resource in pages: for servers that do not stream their initial events.
import { readBody } from '../read-body.ts'
import { malformed } from './watch-events.ts'
import { Pruner } from './prune.ts'
import type { Reading, Resource } from './resource.ts'
import { Turn } from '../../base/steps.ts'
import type { Transport } from '../transport.ts'

export interface ListListener {
  /** A page has come. */
  heard(atMs: number): void
  object(reading: Reading, atMs: number): void
}

interface Page {
  readonly items: readonly unknown[]
  readonly version: string
  readonly next: string
}

const PAGE_SIZE = 500
const ANSWER_MS = 60_000

/**
 * @returns the version that the list is of: a watch goes on from there
 * @throws ApiServerError, also if the server has forgotten the list half-way (410): then it must be begun anew
 */
export async function list(transport: Transport, resource: Resource, signal: AbortSignal, listener: ListListener): Promise<string> {
  const pruner = resource.fields && new Pruner({ metadata: { resourceVersion: true, continue: true }, items: resource.fields })
  const turn = new Turn()
  let page: Page | undefined
  do {
    const path = listPath(resource, page?.next)
    const body = await transport.get(path, { signal, answerMs: ANSWER_MS, silenceMs: ANSWER_MS })
    page = readPage(await readBody(body), pruner)
    const now = performance.now()
    listener.heard(now)
    for (const item of page.items) {
      listener.object(resource.read(item), now)
      const pause = turn.pause()
      if (pause !== undefined) await pause
    }
  } while (page.next !== '')
  return page.version
}

function listPath({ path, fieldSelector }: Resource, next: string | undefined): string {
  const query = new URLSearchParams({ limit: String(PAGE_SIZE) })
  if (fieldSelector !== undefined) query.set('fieldSelector', fieldSelector)
  if (next !== undefined) query.set('continue', next)
  return `${path}?${query.toString()}`
}

function readPage(body: Buffer, pruner: Pruner | undefined): Page {
  const { items, metadata } = parse(pruner?.prune(body) ?? body.toString('utf8'))
  const version = metadata?.resourceVersion
  if (typeof version !== 'string' || version === '') throw malformed('the API server sent a list without a resourceVersion')
  return { items: Array.isArray(items) ? items : [], version, next: typeof metadata?.continue === 'string' ? metadata.continue : '' }
}

function parse(text: string): { items?: unknown; metadata?: { resourceVersion?: unknown; continue?: unknown } | null } {
  try {
    return Object(JSON.parse(text)) as ReturnType<typeof parse>
  } catch (cause) {
    throw malformed('the API server sent a list that is no JSON', { cause })
  }
}
