// What can be seen of a source from outside: for metrics and health.
import type { EventType } from './reflector/watch-events.ts'
import type { RestartReason } from './reflector/failure.ts'
import type { ResourceName } from './reflector/resource.ts'

/** Called as it happens, before the sink is told. Must not throw. Times are those of performance.now(). */
export interface KubeObserver {
  /** A watch event has come; `arrivedAtMs`: the bytes that ended it. Initial events are counted too. */
  event?(resource: ResourceName, type: EventType, arrivedAtMs: number): void
  /** Reading was interrupted, and goes on. */
  restarted?(resource: ResourceName, reason: RestartReason): void
  /** Everything was reread. */
  relisted?(resource: ResourceName): void
}

export interface ResourceStatus {
  /** Everything has been read once; stays so. */
  readonly synced: boolean
  /** A watch is open. */
  readonly connected: boolean
  /** Objects known. */
  readonly objects: number
  /** When the server was last heard, by performance.now(); undefined: never. */
  readonly lastContactMs: number | undefined
  /** Why it is not connected. */
  readonly error: string | undefined
}
