// Which pod is behind which veth of this node, and what about the node is not as it should be.
//
//   VethTable ──veths──┐
//   Compiler ──pods────┴──▶ Guard ──delta──▶ (Agent)
import type { Problem } from '../cluster/change.ts'
import type { PodKey } from '../cluster/objects.ts'
import type { Compiler } from '../compiler/compiler.ts'
import type { Bindings } from '../compiler/guard.ts'
import type { Content, Delta } from '../nftables/content.ts'
import { reasonOf } from '../observe/reason.ts'
import { Guard } from './guard.ts'
import { checkNode } from './node-checks.ts'
import type { AgentOptions, Veths } from './options.ts'

export interface NodeBindingsOptions extends Pick<AgentOptions, 'nodeName' | 'spoofGuard' | 'veths' | 'observer' | 'log'> {
  readonly compiler: Compiler
  /** Veths changed: bind() may have something to say. */
  readonly onChange: () => void
  readonly onProblems: (object: string, problems: readonly Problem[]) => void
}

export class NodeBindings {
  readonly #options: NodeBindingsOptions
  readonly #guard: Guard
  readonly #veths: Veths
  #boundAt = { pods: -1, veths: -1 }
  #vethRevision = 0

  constructor(options: NodeBindingsOptions) {
    this.#options = options
    this.#guard = new Guard(options.spoofGuard)
    const changed = (): void => {
      this.#vethRevision++
      options.onChange()
    }
    this.#veths = options.veths(changed, (err) => this.#failed(err))
  }

  get content(): Content {
    return this.#guard.content
  }

  get bindings(): Bindings {
    return this.#guard.bindings
  }

  /** How many pods are to be guarded and cannot be, for their veths are not known. */
  get unguarded(): number {
    return this.#guard.unguarded.length
  }

  /** @throws SystemCallError, NetlinkError */
  start(): void {
    this.#veths.start()
  }

  /** Binds pods and veths anew where either changed. @returns what changes in the kernel; undefined: nothing */
  bind(): Delta | undefined {
    const { compiler } = this.#options
    const [pods, veths] = [compiler.localRevision, this.#vethRevision]
    if (this.#boundAt.pods === pods && this.#boundAt.veths === veths) return undefined
    const haveVethsChanged = this.#boundAt.veths !== veths
    this.#boundAt = { pods, veths }
    const isClosed = (pod: PodKey): boolean => compiler.isIsolated(pod, 'ingress')
    const delta = this.#guard.update(compiler.localPods(), this.#veths.veths(), veths, isClosed)
    if (haveVethsChanged) this.checkNode()
    return delta
  }

  /** Somebody may mend, or break, what is not the agent's own. */
  checkNode(): void {
    this.#trying(() => this.#findProblems())
  }

  /** Looks again for veths that are missing. */
  refresh(): void {
    if (this.#guard.unguarded.length > 0) this.#trying(() => this.#veths.refresh())
  }

  async close(): Promise<void> {
    await this.#veths.close()
  }

  #findProblems(): void {
    const { nodeName: name, onProblems } = this.#options
    const bridges = new Set(Array.from(this.#veths.veths(), ({ bridge }) => bridge).filter((bridge) => bridge !== undefined))
    onProblems(`Node ${name}`, checkNode({ name, bridges: [...bridges].sort(), unguarded: this.#guard.unguarded }))
  }

  #trying(look: () => void): void {
    try {
      look()
    } catch (error) {
      this.#failed(error)
    }
  }

  #failed(err: unknown): void {
    const { observer, log } = this.#options
    observer?.failed?.('veths', reasonOf(err))
    log.error({ err }, 'the node\'s links and settings cannot be seen; it is tried again')
  }
}
