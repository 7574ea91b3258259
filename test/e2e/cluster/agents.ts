// The agents of a whole cluster, however they run: as processes of the host (host-agents.ts) or as the chart installs them.

export interface Agents {
  /** @throws Error when one has ended or was started again */
  assertHealthy(): Promise<void>
  /** What each has logged, by the name of its node. */
  logs(): Promise<ReadonlyMap<string, string>>
  close(): Promise<void>
}
