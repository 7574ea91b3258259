// Who reaches whom in a whole cluster: real connections from real pods and nodes, asked until everything is as it should be.
import { setTimeout as sleep } from 'node:timers/promises'
import { formatAddress, type Address, type Family } from '../../../src/cluster/address.ts'
import { connect, exchange, type Outcome } from '../../../lab/client.ts'
import { literalAddress } from '../../../lab/host.ts'
import { PATIENCE_MS } from '../../../lab/patience.ts'
import type { ClusterNode } from './cluster-node.ts'
import { Unexpected } from './unexpected.ts'

/** Something with an address of each family. */
export interface Target {
  readonly name: string
  readonly addresses: Readonly<Record<Family, Address>>
}

/** Where connections start: a pod or a node. */
export interface Place extends Target {
  /** Of the network. */
  readonly namespace: string
}

export interface Expectation {
  readonly from: Place
  readonly to: Target
  /** 80 by default. */
  readonly port?: number
  /** TCP by default. */
  readonly protocol?: 'TCP' | 'UDP'
  readonly outcome: Outcome
}

interface Cell extends Expectation {
  readonly family: Family
}

const CONNECT_MS = 1000

export function placeOf({ name, namespace, address4, address6 }: ClusterNode): Place {
  return { name, namespace, addresses: { 4: literalAddress(address4), 6: literalAddress(address6) } }
}

/**
 * Tries all, in both families, until all come out as they should in one and the same round.
 * @throws Unexpected with those that did not in the last round
 */
export async function expectReach(expectations: readonly Expectation[], patienceMs = PATIENCE_MS): Promise<void> {
  const cells = expectations.flatMap((expectation) => ([4, 6] as const).map((family) => ({ ...expectation, family })))
  const deadline = performance.now() + patienceMs
  for (;;) {
    const wrong = (await Promise.all(cells.map(judge))).filter((line) => line !== undefined)
    if (wrong.length === 0) return
    if (performance.now() > deadline) throw new Unexpected(wrong)
    await sleep(100)
  }
}

/** @returns what is wrong */
async function judge({ from, to, port = 80, protocol = 'TCP', outcome, family }: Cell): Promise<string | undefined> {
  const address = to.addresses[family]
  const attempt = protocol === 'TCP' ? connect : exchange
  const actual = await attempt(from.namespace, address, port, AbortSignal.timeout(CONNECT_MS))
  if (actual === outcome) return undefined
  return `${from.name} -> ${to.name} (${formatAddress(address)}) ${protocol}/${port}: ${actual}, should be ${outcome}`
}
