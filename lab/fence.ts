// Proof that no packet of ours is still under way. Veths and bridges hand packets on through one queue for each CPU, in order
// (net/core/dev.c, netif_rx). A marker sent through that queue comes out behind everything that was in it; each link a packet
// crosses puts it in once more. So after as many markers as there are links, whatever has not arrived has been dropped.
import { PacketSocket } from './packet-socket.ts'
import { PATIENCE_MS } from './patience.ts'

/** Of a probe: pod, node, fabric, other node, other pod; and one to spare. */
const LINKS_CROSSED = 5
/** IEEE 802 local experimental; nothing else uses it. */
const MARKER_TYPE = 0x88b5

export class Fence {
  private readonly socket: PacketSocket
  private readonly marker = Buffer.alloc(60)
  private count = 0

  /** @param namespace one whose loopback is up */
  constructor(namespace: string) {
    this.socket = new PacketSocket(namespace, 'lo', MARKER_TYPE)
    this.marker.writeUInt16BE(MARKER_TYPE, 12)
  }

  /**
   * Returns when all packets sent before have arrived or been dropped. The caller holds its thread on one CPU (onOneCpu).
   * @throws Error after PATIENCE_MS
   */
  pass(): void {
    for (let link = 0; link < LINKS_CROSSED; link++) this.passOnce()
  }

  close(): void {
    this.socket.close()
  }

  private passOnce(): void {
    this.count++
    this.marker.writeUInt32BE(this.count, 14)
    this.socket.send(this.marker)
    const deadline = performance.now() + PATIENCE_MS
    while (this.socket.receive()?.readUInt32BE(14) !== this.count) {
      if (performance.now() > deadline) throw new Error('the kernel does not hand on packets; no verdict is possible')
    }
  }
}
