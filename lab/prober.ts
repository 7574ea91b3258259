// Judges who reaches whom with real packets: crafted frames go out of a pod's link, and the prober looks whether they come out of
// the other pod's link and whether the answer sent from there comes back. The pods' own kernels take no part.
import { formatAddress, type Address, type Family } from '../src/cluster/address.ts'
import { Fence } from './fence.ts'
import { answerTo, decodeFrame, encodeFrame, macBytes, PROBE_DSCP, type Frame } from './frame.ts'
import { addressOf, type Host } from './host.ts'
import type { Lab } from './lab.ts'
import { exec } from './namespace.ts'
import { onOneCpu } from './native.ts'
import { PacketSocket } from './packet-socket.ts'
import { nextHopMac } from './path.ts'
import type { ProbeProtocol } from './segment.ts'

export interface Probe {
  readonly protocol: ProbeProtocol
  /** Destination port; 0 for ICMP. */
  readonly port: number
  readonly family: Family
}

export interface Attempt {
  readonly from: Host
  readonly to: Host
  readonly probe: Probe
  /** Pretends to be somebody else. No answer is waited for, since it is theirs: the verdict is `denied` or `no-answer`. */
  readonly sourceAddress?: Address
  /** Default: one that no probe has used for long. */
  readonly sourcePort?: number
  /** Goes to this address (of a Service), and is to arrive at `to` all the same. */
  readonly destinationAddress?: Address
}

/**
 * `allowed`: the packet arrived and the answer came back. `denied`: the packet did not arrive. `no-answer`: it arrived, but the
 * answer was dropped, which no policy asks for.
 */
export type Verdict = 'allowed' | 'denied' | 'no-answer'

export interface Cell extends Attempt {
  readonly verdict: Verdict
}

/** Attempts under way at a time; their frames fit into one receive buffer even if all go to one pod. */
const BATCH = 1000
const FIRST_SOURCE_PORT = 10000
const SOURCE_PORTS = 50000

export class Prober {
  private readonly lab: Lab
  private readonly fence: Fence
  private readonly sockets: ReadonlyMap<Host, PacketSocket>
  private token = 1

  /** Opens a socket in every pod and external host of the lab. Real servers and clients there go on undisturbed. */
  constructor(lab: Lab) {
    this.lab = lab
    this.fence = new Fence(lab.fabric)
    const hosts = [...lab.pods, ...lab.externals]
    for (const { namespace } of hosts) silence(namespace)
    this.sockets = new Map(hosts.map((host) => [host, new PacketSocket(host.namespace, 'eth0')]))
  }

  /**
   * Every ordered pair of different hosts with every probe. Begins by flushing the nodes' connection tables, so that they never
   * fill up and no source port meets an entry of an earlier matrix.
   */
  matrix(hosts: readonly Host[], probes: readonly Probe[]): Cell[] {
    for (const node of this.lab.nodes) this.lab.flushConntrack(node)
    return this.judge(hosts.flatMap((from) => hosts.filter((to) => to !== from).flatMap((to) => probes.map((probe) => ({ from, to, probe })))))
  }

  probe(attempt: Attempt): Verdict {
    return this.judge([attempt])[0]!.verdict
  }

  /** Each attempt is the first packet of a new connection. @returns in the order of the attempts */
  judge(attempts: readonly Attempt[]): Cell[] {
    const cells: Cell[] = []
    for (let start = 0; start < attempts.length; start += BATCH) {
      cells.push(...onOneCpu(() => this.judgeBatch(attempts.slice(start, start + BATCH))))
    }
    return cells
  }

  close(): void {
    this.fence.close()
    for (const socket of this.sockets.values()) socket.close()
  }

  private judgeBatch(attempts: readonly Attempt[]): Cell[] {
    const open = new Map<number, Attempt>()
    const verdicts = new Map<Attempt, Verdict>()
    for (const attempt of attempts) {
      this.token = (this.token % 0xffffffff) + 1
      open.set(this.token, attempt)
      this.socketOf(attempt.from).send(encodeFrame(firstFrame(attempt, this.token)))
    }
    // Once for the packets, once for the answers sent meanwhile; the first round may meet answers already.
    for (let round = 0; round < 2; round++) {
      this.fence.pass()
      this.receive((frame, host, socket) => {
        const attempt = open.get(frame.token)
        if (attempt?.to === host && !frame.isAnswer) {
          verdicts.set(attempt, 'no-answer')
          if (attempt.sourceAddress === undefined) socket.send(encodeFrame(answerTo(frame)))
        } else if (attempt?.from === host && frame.isAnswer) {
          verdicts.set(attempt, 'allowed')
        }
      })
    }
    return attempts.map((attempt) => ({ ...attempt, verdict: verdicts.get(attempt) ?? 'denied' }))
  }

  /** Hands on every probe's frame that waits on any link, except those flooded to a host they are not for. */
  private receive(handle: (frame: Frame, host: Host, socket: PacketSocket) => void): void {
    for (const [host, socket] of this.sockets) {
      const mac = macBytes(host.mac)
      for (let bytes = socket.receive(); bytes !== undefined; bytes = socket.receive()) {
        const frame = decodeFrame(bytes)
        if (frame?.destinationMac.equals(mac) === true) handle(frame, host, socket)
      }
    }
  }

  private socketOf(host: Host): PacketSocket {
    const socket = this.sockets.get(host)
    if (socket === undefined) throw new Error(`${host.name} is not a host of this lab`)
    return socket
  }
}

/** A cell as a test prints it: `pod0-0 -> pod0-1 TCP/80 IPv4: denied`. */
export function formatCell({ from, to, probe, verdict, sourceAddress }: Cell): string {
  const spoofed = sourceAddress === undefined ? '' : ` as ${formatAddress(sourceAddress)}`
  return `${from.name}${spoofed} -> ${to.name} ${probe.protocol}/${probe.port} IPv${probe.family}: ${verdict}`
}

function firstFrame({ from, to, probe, sourceAddress, sourcePort, destinationAddress }: Attempt, token: number): Frame {
  return {
    protocol: probe.protocol,
    sourceMac: macBytes(from.mac),
    destinationMac: macBytes(nextHopMac(from, to, destinationAddress)),
    source: sourceAddress ?? addressOf(from, probe.family),
    destination: destinationAddress ?? addressOf(to, probe.family),
    sourcePort: sourcePort ?? FIRST_SOURCE_PORT + (token % SOURCE_PORTS),
    destinationPort: probe.port,
    token,
    isAnswer: false,
  }
}

/** A pod's kernel would answer probes itself (RST, ICMP unreachable, echo reply); it is to drop them after the prober saw them. */
function silence(namespace: string): void {
  exec(namespace, ['nft', '-f', '-'], `
    table inet probes {
      chain input {
        type filter hook input priority raw; policy accept;
        ip dscp ${PROBE_DSCP} drop
        ip6 dscp ${PROBE_DSCP} drop
      }
    }`)
}
