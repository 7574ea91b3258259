// Pods of this node whose address another pod has too, with the same right: what comes from or goes to it is denied, and both
// need to know.
import type { Logger } from 'pino'
import { Settling } from '../advice/settling.ts'
import { formatAddress } from '../cluster/address.ts'
import type { Problem } from '../cluster/change.ts'
import { type PodKey, podKey } from '../cluster/objects.ts'
import type { Queries, Contested } from '../compiler/queries.ts'
import type { Notice } from '../cluster/notice.ts'
import { Problems } from './problems.ts'

export interface ContestedOptions {
  readonly queries: Queries
  readonly log: Logger
  readonly notify: (notice: Notice) => void
  readonly settleMs: number
}

interface Finding {
  readonly pod: PodKey
  readonly problem: Problem
}

export class ContestedAddresses {
  readonly #options: ContestedOptions
  readonly #problems: Problems
  readonly #settling: Settling<Finding>

  constructor(options: ContestedOptions) {
    this.#options = options
    this.#problems = new Problems(options.log)
    const keyOf = ({ pod, problem }: Finding): string => `${pod} ${problem.field}`
    this.#settling = new Settling({ settleMs: options.settleMs, keyOf, isSame: (a, b) => a.problem.message === b.problem.message })
  }

  get problems(): readonly Problem[] {
    return this.#problems.all()
  }

  get dueMs(): number | undefined {
    return this.#settling.dueMs
  }

  /** Looks, and tells what has changed. @param nowMs on a clock that does not go back */
  note(nowMs: number): void {
    const { begun, ended } = this.#settling.note([...this.#options.queries.contested()].flatMap(findingsOf), nowMs)
    const byPod = Map.groupBy(this.#settling.told, ({ pod }) => pod)
    for (const pod of new Set([...begun, ...ended].map((finding) => finding.pod))) {
      this.#problems.set(`Pod ${pod}`, (byPod.get(pod) ?? []).map(({ problem }) => problem))
    }
    for (const { pod, problem } of begun) {
      this.#options.notify({ kind: 'Pod', key: pod, reason: 'AddressContested', message: `${problem.field} ${problem.message}` })
    }
  }

  close(): void {
    this.#problems.close()
  }
}

/** One for each local pod. */
function findingsOf({ address, pods, local }: Contested): Finding[] {
  return local.map((pod) => {
    const others = pods.filter((other) => other !== pod).map(podKey).sort()
    const message = `is also the address of ${others.join(', ')}: packets cannot tell them apart, so everything from and to it is denied; `
      + 'delete the pod that does not have it any more'
    const field = `status.podIPs (${formatAddress(address)})`
    return { pod: podKey(pod), problem: { object: `Pod ${podKey(pod)}`, field, message, pod: podKey(pod) } }
  })
}
