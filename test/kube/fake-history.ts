// What a fake API server knows: its objects, and everything that has happened to them, as etcd keeps it.
import type { ResourceName } from '../../src/kube/reflector/resource.ts'

export interface FakeObject {
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly [field: string]: unknown }
  readonly [field: string]: unknown
}

interface Happening {
  readonly version: number
  readonly resource: ResourceName
  readonly before: FakeObject | undefined
  readonly now: FakeObject | undefined
}

export interface FakeEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'
  readonly object: FakeObject
}

export class FakeHistory {
  readonly #objects = new Map<string, FakeObject>()
  #happenings: Happening[] = []
  #version = 1000
  #oldest = 1000

  get version(): number {
    return this.#version
  }

  /** Versions before this one are forgotten. */
  get oldest(): number {
    return this.#oldest
  }

  objects(resource: ResourceName): FakeObject[] {
    return [...this.#objects].filter(([id, object]) => id.startsWith(`${resource} `) && isSelected(resource, object)).map(([, object]) => object)
  }

  put(resource: ResourceName, object: FakeObject): void {
    this.#happen(resource, object, (version) => ({ ...object, metadata: { ...object.metadata, resourceVersion: String(version) } }))
  }

  remove(resource: ResourceName, object: FakeObject): void {
    if (this.#objects.has(idOf(resource, object))) this.#happen(resource, object, () => undefined)
  }

  /** Serves an object otherwise than before, as after a change of its CRD: no watch hears of it. */
  alter(resource: ResourceName, object: FakeObject): void {
    this.#objects.set(idOf(resource, object), { ...object, metadata: { ...object.metadata, resourceVersion: String(this.#version) } })
  }

  compact(): void {
    this.#oldest = this.#version
    this.#happenings = []
  }

  /** What a watch from `version` on is sent. */
  since(resource: ResourceName, version: number): FakeEvent[] {
    return this.#happenings.filter((one) => one.resource === resource && one.version > version).flatMap(eventOf)
  }

  #happen(resource: ResourceName, object: FakeObject, make: (version: number) => FakeObject | undefined): void {
    const id = idOf(resource, object)
    const before = this.#objects.get(id)
    const now = make(++this.#version)
    if (now === undefined) this.#objects.delete(id)
    else this.#objects.set(id, now)
    this.#happenings.push({ version: this.#version, resource, before, now })
  }
}

/** A pod that ends leaves the watches' selection, which they are told as a deletion. */
function eventOf({ version, resource, before, now }: Happening): FakeEvent[] {
  const was = before !== undefined && isSelected(resource, before)
  if (now !== undefined && isSelected(resource, now)) return [{ type: was ? 'MODIFIED' : 'ADDED', object: now }]
  if (!was) return []
  return [{ type: 'DELETED', object: { ...before, metadata: { ...before.metadata, resourceVersion: String(version) } } }]
}

function isSelected(resource: ResourceName, object: FakeObject): boolean {
  const phase = (object['status'] as { phase?: string } | undefined)?.phase
  return resource !== 'pods' || (phase !== 'Succeeded' && phase !== 'Failed')
}

function idOf(resource: ResourceName, { metadata }: FakeObject): string {
  return `${resource} ${metadata.namespace ?? ''}/${metadata.name}`
}
