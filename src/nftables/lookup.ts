// What the kernel does with the content, lookup by lookup (chains of src/nftables/program.ts), without a kernel.
import { type Address, familyOf } from '../cluster/address.ts'
import { addressKey, pairKey, permissionKey, portKey, selfKey } from './keys.ts'
import type { Content, Key, Value } from './content.ts'
import type { SetName } from './schema.ts'
import type { Flow } from '../policy/verdict.ts'

export interface Side {
  readonly allowed: boolean
  /** The counter that the packet hits; undefined: not judged, or itself. */
  readonly counter: string | undefined
}

/** The verdict of both directions, as `forward` calls them. */
export function lookup(content: Content, flow: Flow): { allowed: boolean; egress: Side; ingress: Side } {
  const egress = direction(content, 'out', flow, { local: flow.source, remote: flow.destination })
  const ingress = direction(content, 'in', flow, { local: flow.destination, remote: flow.source })
  return { allowed: egress.allowed && ingress.allowed, egress, ingress }
}

function get(content: Content, set: SetName, key: Key): Value | undefined {
  return content.sets.get(set)?.get(key)
}

type Ends = Readonly<Record<'local' | 'remote', Address>>

function direction(content: Content, short: 'in' | 'out', flow: Flow, { local, remote }: Ends): Side {
  const family = familyOf(local)
  if (get(content, `${short}_isolated${family}`, addressKey(local)) === undefined) return { allowed: true, counter: undefined }
  const one = get(content, `class${family}`, addressKey(remote)) ?? inRange(content, `cidr${family}`, remote)
  const pair = one === undefined ? undefined : get(content, `${short}_pair${family}`, pairKey(Number(one), local))
  const permission = Number(pair ?? get(content, `${short}_default${family}`, addressKey(local)) ?? 0)
  const hit = decide(content, permission, flow)
  if (hit !== undefined) return { allowed: true, counter: String(hit) }
  if (get(content, `self${family}`, selfKey(local)) !== undefined && local === remote) return { allowed: true, counter: undefined }
  return { allowed: false, counter: String(get(content, `${short}_deny${family}`, addressKey(local))) }
}

function decide(content: Content, permission: number, flow: Flow): Value | undefined {
  const everything = get(content, 'perm_any', permissionKey(permission))
  if (flow.protocol === 'other') return everything
  const key = portKey(permission, flow.protocol, flow.port)
  return get(content, 'perm_ports', key) ?? inRange(content, 'perm_ranges', key) ?? everything
}

/** Concatenations compare field by field; only the port is ever a true range, so comparing the bytes does. */
function inRange(content: Content, set: SetName, key: string): Value | undefined {
  for (const [range, value] of content.sets.get(set) ?? []) {
    if (range.slice(0, key.length) <= key && key <= range.slice(key.length)) return value
  }
  return undefined
}
