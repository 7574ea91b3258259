// Real echo servers inside pods, all in this one process: a socket belongs to the namespace in which it was made, and Node makes a
// listening socket before listen() or bind() returns, if no name has to be looked up.
import { createSocket, type Socket as UdpSocket } from 'node:dgram'
import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { inNamespace } from './namespace.ts'

export class Servers {
  private readonly tcp = new Set<Server>()
  private readonly connections = new Set<Socket>()
  private readonly udp = new Set<UdpSocket>()

  /**
   * Starts a server on all addresses of a namespace, IPv4 and IPv6, which sends back what it gets.
   * @returns when it listens; rejects if it cannot (EADDRINUSE)
   */
  async listen(namespace: string, protocol: 'TCP' | 'UDP', port: number): Promise<void> {
    if (protocol === 'TCP') await this.listenTcp(namespace, port)
    else await this.listenUdp(namespace, port)
  }

  /** Stops all servers and resets their connections. */
  close(): void {
    for (const connection of this.connections) connection.resetAndDestroy()
    for (const server of this.tcp) server.close()
    for (const socket of this.udp) socket.close()
    this.tcp.clear()
    this.udp.clear()
  }

  private async listenTcp(namespace: string, port: number): Promise<void> {
    const server = createServer((connection) => {
      this.connections.add(connection)
      connection.on('error', () => connection.destroy()) // clients reset; nothing to do
      connection.on('close', () => this.connections.delete(connection))
      connection.pipe(connection)
    })
    this.tcp.add(server)
    const listening = once(server, 'listening')
    inNamespace(namespace, () => server.listen(port))
    await listening
  }

  private async listenUdp(namespace: string, port: number): Promise<void> {
    const socket = udpSocket(6)
    socket.on('message', (message, sender) => socket.send(message, sender.port, sender.address))
    this.udp.add(socket) // also if it cannot be bound: it holds the event loop until it is closed
    const listening = once(socket, 'listening') // before bind(), which emits it at once
    inNamespace(namespace, () => socket.bind(port))
    await listening
  }
}

/** A UDP socket whose look-up of (numeric) addresses answers at once, so that bind() makes the socket before it returns. */
export function udpSocket(family: 4 | 6): UdpSocket {
  return createSocket({ type: `udp${family}`, lookup: (address, _options, callback) => callback(null, address, family) })
}
