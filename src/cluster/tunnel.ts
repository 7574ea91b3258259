// Tunnels: what a node unwraps of a packet to itself, and takes for a packet that came from elsewhere.

/** A protocol that carries packets: of UDP, by its port. */
export interface Tunnel {
  /** IP protocol number. */
  readonly protocol: number
  /** Destination port; undefined: a protocol of its own, without ports. */
  readonly port: number | undefined
}

const UDP = 17
const LAST_PORT = 65_535
const LAST_PROTOCOL = 255

export function udpTunnel(port: number): Tunnel {
  return { protocol: UDP, port }
}

export function ipTunnel(protocol: number): Tunnel {
  return { protocol, port: undefined }
}

/** Reads `udp/4789` or `ip/47`. @returns undefined if it is neither */
export function parseTunnel(text: string): Tunnel | undefined {
  const [, kind, digits] = /^(udp|ip)\/([1-9]\d{0,4})$/.exec(text) ?? []
  const number = Number(digits)
  if (kind === 'udp' && number <= LAST_PORT) return udpTunnel(number)
  return kind === 'ip' && number <= LAST_PROTOCOL && number !== UDP ? ipTunnel(number) : undefined
}

/** Returns the text that parseTunnel() reads. */
export function formatTunnel({ protocol, port }: Tunnel): string {
  return port === undefined ? `ip/${protocol}` : `udp/${port}`
}
