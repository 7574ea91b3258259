// What the benchmark and its API server, a child process, tell each other.
import type { Churn } from './churn.ts'
import type { ScaleWorld } from './objects.ts'

export type Order =
  | { readonly do: 'listen'; readonly world: ScaleWorld; readonly certificateFile: string; readonly keyFile: string }
  /** Changes come by chance, so many in a second on average, until `stop` and the end of the round. */
  | { readonly do: 'churn'; readonly churn: Churn; readonly perSecond: number }
  | { readonly do: 'stop' }
  /** The history is lost (410): all pods must be read anew. */
  | { readonly do: 'forget' }

export type Report =
  | { readonly did: 'listen'; readonly port: number; readonly megabytes: number; readonly bytesPerPod: number }
  | { readonly did: 'stop'; readonly sent: number }
