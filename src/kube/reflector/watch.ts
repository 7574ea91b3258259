// One watch request: every event as it arrives, until the server ends it.
import { Deadline } from './deadline.ts'
import { eventPruner, readEvent, type WatchEvent } from './watch-events.ts'
import { LineSplitter } from './lines.ts'
import type { Resource } from './resource.ts'
import { Turn } from '../../base/steps.ts'
import type { Transport } from '../transport.ts'

export interface WatchOptions {
  /** Go on after this version; undefined: send everything there is first, then go on (KEP-3157). */
  readonly version: string | undefined
  /** When the server is to end the watch. */
  readonly seconds: number
  /** Longest time without a byte, asked for after each; the server sends a bookmark about every minute. */
  readonly silenceMs: () => number
  readonly signal: AbortSignal
}

export interface WatchListener {
  /** The server has accepted the watch. */
  opened(): void
  /** Bytes have come. */
  heard(atMs: number): void
  /** @returns when the next one may come; undefined: at once */
  event(event: WatchEvent, atMs: number): Promise<void> | undefined
}

const ANSWER_MS = 60_000
/** The server ends a watch by itself; one that it forgets to end is ended here. */
const GRACE_MS = 30_000

/**
 * Resolves when the server ends the watch; half a line at its end is thrown away.
 * @throws ApiServerError for a refusal or an ERROR event; errors of the connection; what the listener throws
 */
export async function watch(transport: Transport, resource: Resource, options: WatchOptions, listener: WatchListener): Promise<void> {
  using deadline = new Deadline(options.signal, options.seconds * 1000 + GRACE_MS)
  const answerMs = Math.min(ANSWER_MS, options.silenceMs())
  const body = await transport.get(watchPath(resource, options), { signal: deadline.signal, answerMs, silenceMs: 0 })
  listener.opened()
  const pruner = eventPruner(resource)
  const lines = new LineSplitter()
  const turn = new Turn() // a server that sends all its pods is faster than anybody can read them
  deadline.expectWithin(options.silenceMs())
  for await (const chunk of body as AsyncIterable<Buffer>) {
    const now = performance.now()
    listener.heard(now)
    for (const line of lines.push(chunk)) {
      const pause = listener.event(readEvent(line, resource, pruner), now) ?? turn.pause()
      if (pause !== undefined) await pause
    }
    deadline.expectWithin(options.silenceMs())
  }
}

function watchPath({ path, fieldSelector }: Resource, { version, seconds }: WatchOptions): string {
  const query = new URLSearchParams({ watch: 'true', allowWatchBookmarks: 'true', timeoutSeconds: String(seconds) })
  if (fieldSelector !== undefined) query.set('fieldSelector', fieldSelector)
  if (version !== undefined) query.set('resourceVersion', version)
  else {
    query.set('sendInitialEvents', 'true')
    query.set('resourceVersionMatch', 'NotOlderThan')
  }
  return `${path}?${query.toString()}`
}
