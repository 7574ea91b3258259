// What the benchmark asks of the data path between two hosts of a lab: each function starts its servers, runs the generator in
// its own process, and leaves nothing behind.
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import process from 'node:process'
import { formatAddress } from '../../src/cluster/address.ts'
import { bind, sendto, setsockopt, SOL_SOCKET } from '../../src/netlink/libc.ts'
import type { Host } from '../../lab/host.ts'
import { exec, inNamespace } from '../../lab/namespace.ts'
import { close, openSocket, SO_RCVBUF, SOCK_DGRAM, socketAddress } from './native.ts'

export interface Path {
  readonly from: Host
  readonly to: Host
  /** Destination port, TCP or UDP. */
  readonly port: number
}

/**
 * Both sides run on one CPU. So a figure is the cost of all the work for a packet or connection; on two CPUs it would be the luck
 * of where the scheduler put whom (a round trip then takes 8 µs or 150 µs on a virtual machine).
 */
const ON_ONE_CPU = ['taskset', '--cpu-list', '0']
const UDP = new URL('./udp.ts', import.meta.url).pathname
const TCP = new URL('./tcp.ts', import.meta.url).pathname
/** Of the one flow of a UDP load. */
const SOURCE_PORT = 9001

/**
 * What the packets of a UDP load are to conntrack. `established`: all of one flow that was answered. `unanswered`: all of one flow
 * that never was, which stays new, so that a ruleset judges each packet, but conntrack makes no entry. `new`: each the first of
 * its own flow (at most 64,000; flush conntrack before).
 */
export type UdpFlows = 'established' | 'unanswered' | 'new'

/** Nanoseconds for one forwarded UDP packet over IPv4. */
export function udpNsPerPacket(path: Path, flows: UdpFlows, packets: number): number {
  const sink = openUdp(path.to, path.port)
  try {
    if (flows === 'established') establish(path, sink)
    const kind = flows === 'new' ? ['--new-flows'] : ['--source-port', String(SOURCE_PORT)]
    const argv = [...ON_ONE_CPU, process.execPath, UDP, ...target(path), '--packets', String(packets), ...kind]
    return readResult(exec(path.from.namespace, argv), 'nsPerPacket')
  } finally {
    close(sink)
  }
}

/** TCP connections a second over IPv4, each opened and reset, one after the other. */
export function tcpConnectsPerSecond(path: Path, count: number): Promise<number> {
  return withServer(path, tcp('accept', '--port', String(path.port)), () =>
    readResult(exec(path.from.namespace, tcp('connect', ...target(path), '--count', String(count))), 'connectsPerSecond'))
}

/** Round trips of one byte a second on one TCP connection over IPv4. */
export function tcpRoundTripsPerSecond(path: Path, count: number): Promise<number> {
  return withServer(path, tcp('echo', '--port', String(path.port)), () =>
    readResult(exec(path.from.namespace, tcp('ask', ...target(path), '--count', String(count))), 'roundTripsPerSecond'))
}

/** Gigabits a second of one TCP connection over IPv4, by iperf3. */
export function tcpBulkGbitsPerSecond(path: Path, seconds: number): Promise<number> {
  const iperf = [...ON_ONE_CPU, 'iperf3', '--port', String(path.port)]
  return withServer(path, [...iperf, '--server', '--forceflush'], () => {
    const client = [...iperf, '--client', formatAddress(path.to.address4), '--time', String(seconds), '--json']
    const { end } = JSON.parse(exec(path.from.namespace, client)) as { end: { sum_received: { bits_per_second: number } } }
    return end.sum_received.bits_per_second / 1e9
  })
}

function tcp(...options: string[]): string[] {
  return [...ON_ONE_CPU, process.execPath, TCP, ...options]
}

/** A UDP socket with room for next to nothing: as nobody reads it, what arrives is dropped at the same small cost each time. */
function openUdp(host: Host, port: number): number {
  return inNamespace(host.namespace, () => {
    const fd = openSocket(host.address4, SOCK_DGRAM)
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, 2048)
    bind(fd, socketAddress(host.address4, port))
    return fd
  })
}

/** Sends one packet of the coming load's flow and answers it. */
function establish({ from, to, port }: Path, sink: number): void {
  const client = openUdp(from, SOURCE_PORT)
  const byte = Buffer.alloc(1)
  sendto(client, byte, socketAddress(to.address4, port))
  sendto(sink, byte, socketAddress(from.address4, SOURCE_PORT))
  close(client)
}

/** Runs `fn` while a server runs in the destination's namespace; the server says a line when it is ready. */
async function withServer(path: Path, argv: readonly string[], fn: () => number): Promise<number> {
  const [program = '', ...args] = argv
  const server: ChildProcess = inNamespace(path.to.namespace, () => spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] }))
  const ended = once(server, 'exit')
  try {
    const first = await Promise.race([once(server.stdout!, 'data'), ended])
    if (server.exitCode !== null) throw new Error(`${argv.join(' ')} ended with ${server.exitCode}: ${String(first)}`)
    return fn()
  } finally {
    server.kill('SIGKILL')
    await ended
  }
}

function target({ to, port }: Path): string[] {
  return ['--to', formatAddress(to.address4), '--port', String(port)]
}

function readResult(output: string, field: string): number {
  const value = (JSON.parse(output) as Record<string, number>)[field]
  if (value === undefined) throw new Error(`no ${field} in ${output}`)
  return value
}
