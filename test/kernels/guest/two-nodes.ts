// Two nodes that enforce, each with some of the fixture's pods, and real servers in these: x/a to y/b are on the first node, y/c to z/c on
// the second. What is denied is shown by the counter of denials.
import { connect, dial } from '../../../lab/client.ts'
import { addressOf } from '../../../lab/host.ts'
import { PATIENCE_MS, until } from '../../../lab/patience.ts'
import type { LabPod } from '../../../lab/pod.ts'
import { Servers } from '../../../lab/servers.ts'
import type { Family } from '../../../src/cluster/address.ts'
import type { CounterName } from '../../../src/nftables/content.ts'
import { EnforcedLab } from '../../packets/enforced-lab.ts'
import { changesOf } from '../../situations/cells.ts'
import { fixtureObjects, type KubeObject, PODS, type PodName } from '../../situations/fixture.ts'

export class TwoNodes extends EnforcedLab {
  readonly servers = new Servers()

  constructor() {
    super({ layout: 'routed', nodes: 2, podsPerNode: 5 })
  }

  pod(name: PodName): LabPod {
    return this.lab.pods[PODS.indexOf(name)]!
  }

  /** The fixture with these policies, on both nodes. */
  async enforce(policies: readonly KubeObject[]): Promise<void> {
    const place = { family: 4, slots: this.pool.slots } as const
    await this.load(changesOf({ objects: [...fixtureObjects(place), ...policies], problems: [], checks: [] }))
  }

  async expectAllowed(from: PodName, to: PodName, port: number, family: Family): Promise<void> {
    const outcome = await connect(this.pod(from).namespace, addressOf(this.pod(to), family), port, AbortSignal.timeout(PATIENCE_MS))
    if (outcome !== 'open') throw new Error(`${from} > ${to}:${port} over IPv${family}: ${outcome}`)
  }

  /** @param counter of the node that is to deny it */
  async expectDenied(from: PodName, to: PodName, port: number, { family, counter }: { family: Family; counter: string }): Promise<void> {
    await this.untilDenied(counter, () => {
      const socket = dial(this.pod(from).namespace, addressOf(this.pod(to), family), port)
      let isOpen = false
      socket.on('connect', () => (isOpen = true)).on('error', () => undefined)
      return { hasArrived: () => isOpen, end: () => void socket.destroy() }
    })
  }

  /** Sends something that a counter of denials is to count, and that is not to arrive. */
  async untilDenied(counter: string, send: () => { hasArrived: () => boolean; end: () => void }): Promise<void> {
    const before = await this.#count(counter)
    const { hasArrived, end } = send()
    try {
      await until(async () => await this.#count(counter) > before || hasArrived(), `a packet counted by ${counter}`)
      if (hasArrived()) throw new Error(`what ${counter} is to count has arrived`)
    } finally {
      end()
    }
  }

  /** On whichever node the counter is. */
  async #count(counter: string): Promise<number> {
    const counts = await Promise.all(this.lab.nodes.map(async (node) => (await this.counters(node)).get(counter as CounterName) ?? 0))
    return counts.reduce((sum, count) => sum + count, 0)
  }

  override close(): void {
    this.servers.close()
    super.close()
  }
}
