// TCP load, run inside a pod's namespace.
//   node bench/load/tcp.ts accept --port 9000                                  accepts and closes for ever; prints {"listening":9000}
//   node bench/load/tcp.ts connect --to 10.244.0.11 --port 9000 --count 50000  connects and resets; prints {"connectsPerSecond":...}
//   node bench/load/tcp.ts echo --port 9000                                    sends back what comes, one connection after the other
//   node bench/load/tcp.ts ask --to 10.244.0.11 --port 9000 --count 50000      one byte there and back; prints {"roundTripsPerSecond":...}
import { parseArgs } from 'node:util'
import { bind, recv, send, setsockopt, socket, SOL_SOCKET } from '../../src/netlink/libc.ts'
import { literalAddress } from '../../lab/host.ts'
import { medianNs } from './median.ts'
import {
  accept, AF_INET6, close, connect, listen, openSocket, resetOnClose, SO_REUSEADDR, SOCK_STREAM, socketAddress, withoutDelay,
} from './native.ts'

const BACKLOG = 4096
/** About 0.2 ms: short enough that another process' time slice spoils few of them. */
const BATCH = 10
const MESSAGE = Buffer.alloc(1)

function acceptAll(port: number): never {
  const listener = openListener(port)
  for (;;) close(accept(listener))
}

function echoAll(port: number): never {
  const listener = openListener(port)
  for (;;) {
    const fd = accept(listener)
    withoutDelay(fd)
    while ((recv(fd, MESSAGE) ?? 0) > 0) send(fd, MESSAGE)
    close(fd)
  }
}

function measureConnects(to: string, port: number, count: number): number {
  const address = literalAddress(to)
  const server = socketAddress(address, port)
  return perSecond(count, () => {
    const fd = openSocket(address, SOCK_STREAM)
    resetOnClose(fd)
    connect(fd, server)
    close(fd)
  })
}

function measureRoundTrips(to: string, port: number, count: number): number {
  const address = literalAddress(to)
  const fd = openSocket(address, SOCK_STREAM)
  connect(fd, socketAddress(address, port))
  withoutDelay(fd)
  const result = perSecond(count, () => {
    send(fd, MESSAGE)
    recv(fd, MESSAGE)
  })
  close(fd)
  return result
}

/** Listens on all addresses of both families. */
function openListener(port: number): number {
  const fd = socket(AF_INET6, SOCK_STREAM, 0)
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, 1)
  bind(fd, socketAddress(literalAddress('::'), port))
  listen(fd, BACKLOG)
  console.log(JSON.stringify({ listening: port }))
  return fd
}

/** @returns how often `act` would run in a second of median batches */
function perSecond(count: number, act: () => void): number {
  const nsPerBatch = medianNs(Math.ceil(count / BATCH), () => {
    for (let done = 0; done < BATCH; done++) act()
  })
  return Math.round(BATCH / (nsPerBatch / 1e9))
}

const { positionals: [mode], values } = parseArgs({
  allowPositionals: true,
  options: { to: { type: 'string', default: '' }, port: { type: 'string' }, count: { type: 'string' } },
})
const [port, count] = [Number(values.port), Number(values.count)]
if (mode === 'accept') acceptAll(port)
else if (mode === 'echo') echoAll(port)
else if (mode === 'connect') console.log(JSON.stringify({ connectsPerSecond: measureConnects(values.to, port, count) }))
else if (mode === 'ask') console.log(JSON.stringify({ roundTripsPerSecond: measureRoundTrips(values.to, port, count) }))
else throw new Error('say one of: accept, connect, echo, ask')
