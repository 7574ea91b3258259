// Real connections from inside a namespace, made by this process.
import { once } from 'node:events'
import { connect as connectSocket, type Socket } from 'node:net'
import { familyOf, formatAddress, type Address } from '../src/cluster/address.ts'
import { inNamespace } from './namespace.ts'
import { udpSocket } from './servers.ts'

/** `timeout`: nobody answered, which is how a dropped packet looks; `refused`: somebody said no (RST, ICMP unreachable). */
export type Outcome = 'open' | 'timeout' | 'refused'

const REFUSALS = new Set(['ECONNREFUSED', 'ECONNRESET', 'EHOSTUNREACH', 'ENETUNREACH'])

/** Tries a TCP connection and closes it again. @throws errors that are no answer of the network */
export async function connect(namespace: string, address: Address, port: number, timeoutMs: number): Promise<Outcome> {
  const socket = dial(namespace, address, port)
  try {
    await once(socket, 'connect', { signal: AbortSignal.timeout(timeoutMs) })
    socket.resetAndDestroy()
    return 'open'
  } catch (error) {
    socket.destroy() // a reset would wait for the connection
    return outcomeOf(error)
  }
}

/** Sends a UDP datagram to an echo server and waits for its return. */
export async function exchange(namespace: string, address: Address, port: number, timeoutMs: number): Promise<Outcome> {
  const socket = udpSocket(familyOf(address))
  try {
    inNamespace(namespace, () => socket.bind())
    socket.send('echo probe', port, formatAddress(address)) // Kubernetes' test server answers this, too
    await once(socket, 'message', { signal: AbortSignal.timeout(timeoutMs) })
    return 'open'
  } catch (error) {
    return outcomeOf(error)
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

function outcomeOf(error: unknown): Outcome {
  const { name, code = '' } = error as NodeJS.ErrnoException // instanceof would fail across the realms of a test runner
  if (name === 'AbortError' || code === 'ETIMEDOUT') return 'timeout'
  if (REFUSALS.has(code)) return 'refused'
  throw error
}
