// The one way in: what a source (API server, folder of manifests) says about the cluster.
import type { Policy } from '../policy/types.ts'
import type { Namespace, Pod, PodKey, PolicyKey } from './objects.ts'

/** "This object is now so" (undefined: it is gone). Saying it twice changes nothing; order between kinds does not matter. */
export type Change =
  | { readonly kind: 'pod'; readonly key: PodKey; readonly now: Pod | undefined }
  | { readonly kind: 'namespace'; readonly key: string; readonly now: Namespace | undefined }
  | { readonly kind: 'policy'; readonly key: PolicyKey; readonly now: Policy | undefined }

/** One thing wrong with an object: what, where, and what was done about it. */
export interface Problem {
  /** `Kind namespace/name`, with the file and document for manifests. */
  readonly object: string
  /** Field path as Kubernetes writes it, such as `spec.ingress[0].from[1].ipBlock.cidr`; empty for the whole object. */
  readonly field: string
  /** What is wrong, and the consequence. */
  readonly message: string
}

/** Where changes come from. The first batch holds everything there is; after it the source is synced. */
export interface Source {
  /** Starts delivery; resolves when the first batch has been delivered. Rejects if the source cannot be read at all. */
  start(sink: SourceSink): Promise<void>
  close(): Promise<void>
}

export interface SourceSink {
  /** Changes that belong together (one edit, one list). Called in order, never re-entered. */
  changes(batch: readonly Change[]): void
  /** All current problems of one object (empty: it has none any more). */
  problems(object: string, problems: readonly Problem[]): void
}
