// The one way in: what a source (API server, folder of manifests) says about the cluster.
import type { NamespaceChange, NodeChange, PodChange, Problem } from './cluster/change.ts'
import type { ClusterPolicyChange, PolicyChange } from './policy/types.ts'

/** "This object is now so" (undefined: it is gone). Saying it twice changes nothing; order between kinds does not matter. */
export type Change = PodChange | NamespaceChange | NodeChange | PolicyChange | ClusterPolicyChange

/** Where changes come from. */
export interface Source {
  /** Starts delivery; resolves when everything there is has been delivered, in any number of batches. Rejects if the source cannot be read at all. */
  start(sink: SourceSink): Promise<void>
  close(): Promise<void>
}

export interface SourceSink {
  /**
   * Changes that belong together (one edit, one list). Called in order, never re-entered.
   * @param arrivedAtMs when the last byte of the first of them came, by performance.now(); default: now
   */
  changes(batch: readonly Change[], arrivedAtMs?: number): void
  /** All current problems of one object (empty: it has none any more). */
  problems(object: string, problems: readonly Problem[]): void
}
