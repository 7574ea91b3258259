// Keeps the guard's elements equal to what is known of local pods and veths.
import { podKey, type Pod, type PodKey } from '../cluster/objects.ts'
import type { Tunnel } from '../cluster/tunnel.ts'
import { bindPods, evidenceOf, guardElements, type Bindings, type Evidence, type IsJudged, type Unbound } from './bindings.ts'
import { tunnelElements } from './tunnels.ts'
import type { Veths } from './veths.ts'
import type { Content, Delta } from '../nftables/content.ts'
import { diff, emptyContent, isEmptyDelta } from '../nftables/diff.ts'

export class Guard {
  readonly #enabled: boolean
  readonly #tunnels: readonly Tunnel[] | null
  #content = emptyContent()
  #bindings: Bindings = { bindings: new Map(), unbound: [] }
  #ending: ReadonlySet<PodKey> = new Set()
  #evidence: { readonly revision: number; readonly value: Evidence } | undefined

  /** @param tunnels beside those of the node's devices; null: none is guarded, whatever devices there are */
  constructor(enabled: boolean, tunnels: readonly Tunnel[] | null) {
    this.#enabled = enabled
    this.#tunnels = tunnels
  }

  get content(): Content {
    return this.#content
  }

  /** Pods that are to be guarded and cannot be. Those that are about to end lose their veths before they go. */
  get unguarded(): readonly Unbound[] {
    return this.#enabled ? this.#bindings.unbound.filter(({ pod }) => !this.#ending.has(pod)) : []
  }

  /**
   * Rebinds pods to veths.
   * @param revision of the node's veths and tunnels: while it is the same, so are they
   * @returns what changes in the kernel; undefined: nothing
   */
  update(localPods: readonly Pod[], node: Pick<Veths, 'veths' | 'tunnels'>, revision: number, isJudged: IsJudged): Delta | undefined {
    if (this.#evidence?.revision !== revision) this.#evidence = { revision, value: evidenceOf(node.veths()) }
    this.#bindings = bindPods(localPods, this.#evidence.value, this.#bindings.bindings)
    this.#ending = new Set(localPods.filter(({ terminating }) => terminating).map(podKey))
    // Also where source addresses are not guarded: ports of judged pods are closed all the same.
    const tunnels = this.#tunnels === null ? [] : [...this.#tunnels, ...node.tunnels()]
    const sets = new Map([...guardElements(this.#bindings.bindings, isJudged), ...tunnelElements(localPods, tunnels)])
    const wanted: Content = { sets, counters: new Set() }
    const delta = diff(this.#content, wanted)
    this.#content = wanted
    return isEmptyDelta(delta) ? undefined : delta
  }
}
