// What a pod that is isolated from the start can do before the agent knows it: between its veth and its address at the API server
// lies the better part of a second. How much gets through is said; that it ends is what is checked.
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { formatAddress, successor, type Address } from '../../../../src/cluster/address.ts'
import { inNamespace } from '../../../../lab/namespace.ts'
import { udpSocket } from '../../../../lab/servers.ts'
import { goBuild, runTool } from '../binaries.ts'
import type { Cluster } from '../cluster.ts'
import type { Place } from '../reach.ts'
import { Unexpected } from '../unexpected.ts'
import type { Check } from './check.ts'

const IMAGE = 'localhost/first-packets'
const [COLLECTOR_PORT, ANSWER_PORT] = [7009, 9]
/** host-local gives addresses one after the other: one of the next few is the pod's. */
const GUESSES = 3
/** From the pod being ready until nothing may get through any more, and how long that is watched. */
const [SETTLE_MS, WATCH_MS] = [3000, 3000]

export const FIRST_PACKETS: Check = {
  name: 'a new pod under default deny: its first packets may get through, and those to it, but none once it is known',
  needsAgent: true,
  async run({ cluster, playground, nodes: [near], outside, say }) {
    await loadProgram(cluster)
    await playground.policy('deny-all', { podSelector: {}, policyTypes: ['Ingress', 'Egress'] })
    const before = await playground.pod('before', { node: near.name })
    const collector = await collectIn(outside)
    const guesses = ([4, 6] as const).flatMap((family) => nextAddresses(before.addresses[family]))
    const knocking = new Knocking(outside, guesses)
    await playground.pod('new', {
      node: near.name, args: ([4, 6] as const).map((family) => endpointOf(outside.addresses[family])),
      container: { image: IMAGE },
    })
    await sleep(SETTLE_MS)
    const early = { out: collector.times.splice(0), in: knocking.answers }
    await sleep(WATCH_MS)
    knocking.stop()
    collector.close()
    const late = { out: collector.times.length, in: knocking.answers - early.in }
    say(`${early.out.length} datagrams got out, the last ${Math.max(0, ...early.out)} ms after the program's start; ${early.in} to it were answered`)
    if (late.out + late.in > 0) throw new Unexpected([`once the pod was known, ${late.out} got out and ${late.in} were answered`])
  },
}

async function loadProgram(cluster: Cluster): Promise<void> {
  const program = join(cluster.folder, 'first-packets')
  await goBuild('first-packets.go', program)
  const archive = `${program}.tar`
  await runTool('one-layer-image.sh', archive, program, IMAGE)
  await cluster.load(archive)
}

function endpointOf(address: Address): string {
  const text = formatAddress(address)
  return text.includes(':') ? `[${text}]:${COLLECTOR_PORT}` : `${text}:${COLLECTOR_PORT}`
}

function nextAddresses(address: Address): Address[] {
  const addresses: Address[] = []
  for (let next = successor(address); next !== undefined && addresses.length < GUESSES; next = successor(next)) addresses.push(next)
  return addresses
}

/** Takes what pods send. @returns the times that stand in the datagrams, as they come */
async function collectIn({ namespace }: Place): Promise<{ readonly times: number[]; readonly close: () => void }> {
  const socket = udpSocket(6)
  const times: number[] = []
  socket.on('message', (message) => times.push(Number(message.toString())))
  const listening = once(socket, 'listening')
  inNamespace(namespace, () => socket.bind(COLLECTOR_PORT))
  await listening
  return { times, close: () => socket.close() }
}

/**
 * Sends datagrams to addresses every few milliseconds and counts answers. Each has a port of its own for good: with one that comes
 * again it would belong to a connection that was there before the pod was isolated.
 */
class Knocking {
  answers = 0
  readonly #timer: NodeJS.Timeout
  #port = 12_000
  static readonly #PERIOD_MS = 10
  static readonly #PATIENCE_MS = 500

  constructor(from: Place, addresses: readonly Address[]) {
    this.#timer = setInterval(() => addresses.forEach((address) => this.#knock(from, address)), Knocking.#PERIOD_MS)
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  #knock({ namespace }: Place, address: Address): void {
    const text = formatAddress(address)
    const socket = udpSocket(text.includes(':') ? 6 : 4)
    socket.on('message', () => this.answers++)
    socket.on('error', () => undefined) // nobody has the address yet
    inNamespace(namespace, () => socket.bind(this.#port++))
    socket.send('knock', ANSWER_PORT, text)
    setTimeout(() => socket.close(), Knocking.#PATIENCE_MS)
  }
}
