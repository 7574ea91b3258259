// Where the agent answers probes and Prometheus: from text, and back.
import { isIP, isIPv6 } from 'node:net'

export interface ListenAddress {
  /** An IP address or `localhost`; undefined: every address of the machine. */
  readonly host: string | undefined
  readonly port: number
}

/** Everything before the last colon is the host, since the address of a Pod's node comes without brackets in `$(HOST_IP):9611`. */
const HOST_AND_PORT = /^(?<host>.*):(?<port>[1-9]\d{0,4})$/
const BRACKETED = /^\[(?<address>.*)\]$/
const HIGHEST_PORT = 65_535

/** @param text `127.0.0.1:9611`, `[::1]:9611`, `:9611` @returns undefined if it is no address with a port */
export function parseListenAddress(text: string): ListenAddress | undefined {
  const { host, port } = HOST_AND_PORT.exec(text)?.groups ?? {}
  if (host === undefined || Number(port) > HIGHEST_PORT) return undefined
  if (host === '') return { host: undefined, port: Number(port) }
  const known = knownHost(host)
  return known === undefined ? undefined : { host: known, port: Number(port) }
}

function knownHost(text: string): string | undefined {
  const bracketed = BRACKETED.exec(text)?.groups?.['address']
  if (bracketed !== undefined) return isIPv6(bracketed) ? bracketed : undefined
  return text === 'localhost' || isIP(text) > 0 ? text : undefined
}

export function formatListenAddress({ host = '', port }: ListenAddress): string {
  return `${isIPv6(host) ? `[${host}]` : host}:${port}`
}
