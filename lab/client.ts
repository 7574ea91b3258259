// Real connections from inside a namespace, made by this process.
import { once } from 'node:events'
import { connect as connectSocket, type Socket } from 'node:net'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { familyOf, formatAddress, type Address } from '../src/cluster/address.ts'
import { inNamespace } from './namespace.ts'
import { udpSocket } from './servers.ts'

/** `timeout`: nobody answered, which is how a dropped packet looks; `refused`: somebody said no (RST, ICMP unreachable). */
export type Outcome = 'open' | 'timeout' | 'refused'

const REFUSALS = new Set(['ECONNREFUSED', 'ECONNRESET', 'EHOSTUNREACH', 'ENETUNREACH'])

/**
 * Tries a TCP connection and closes it again.
 * @param end when to wait no longer
 * @throws errors that are no answer of the network
 */
export async function connect(namespace: string, address: Address, port: number, end: AbortSignal): Promise<Outcome> {
  const socket = dial(namespace, address, port)
  const outcome = await firstOf(once(socket, 'connect'), end)
  if (outcome === 'open') socket.resetAndDestroy()
  else socket.destroy() // a reset would wait for the connection
  return outcome
}

/** Sends a UDP datagram to an echo server and waits for its return. */
export async function exchange(namespace: string, address: Address, port: number, end: AbortSignal): Promise<Outcome> {
  const socket = udpSocket(familyOf(address))
  try {
    inNamespace(namespace, () => socket.bind())
    socket.send('echo probe', port, formatAddress(address)) // Kubernetes' test server answers this, too
    return await firstOf(once(socket, 'message'), end)
  } finally {
    socket.close()
  }
}

/**
 * Starts a TCP connection from a namespace, for the caller to use and close. Node puts off the connection to a numeric address
 * to the next tick, when the thread is back home; so it gets a name, whose look-up answers at once.
 */
export function dial(namespace: string, address: Address, port: number): Socket {
  const family = familyOf(address)
  return inNamespace(namespace, () => connectSocket({
    host: 'pod',
    port,
    autoSelectFamily: false,
    lookup: (_name, _options, callback) => callback(null, formatAddress(address), family),
  }))
}

/** An answer that has come by the end counts, also if this process was too busy to take it: it is taken within one more turn. */
async function firstOf(answer: Promise<unknown>, end: AbortSignal): Promise<Outcome> {
  const ended = (end.aborted ? Promise.resolve() : once(end, 'abort')).then(() => nextTurn())
  return Promise.race([answer.then((): Outcome => 'open', outcomeOf), ended.then((): Outcome => 'timeout')])
}

function outcomeOf(error: unknown): Outcome {
  const { code = '' } = error as NodeJS.ErrnoException
  if (code === 'ETIMEDOUT') return 'timeout'
  if (REFUSALS.has(code)) return 'refused'
  throw error
}
