// Who we are to the API server, and where it is: what every request needs, current at the moment it is made.

/** What tls.connect is given. */
export interface TlsMaterial {
  readonly ca?: string | Buffer
  readonly cert?: string | Buffer
  readonly key?: string | Buffer
  readonly servername?: string
  readonly rejectUnauthorized?: boolean
}

/** All that one request needs. */
export interface Access {
  /** Such as `https://10.96.0.1:443`, without a slash at the end; may have a path. */
  readonly server: string
  readonly headers: Readonly<Record<string, string>>
  readonly tls: TlsMaterial
  /** http, https or socks5; undefined: as the environment says (HTTPS_PROXY, NO_PROXY). */
  readonly proxyUrl: string | undefined
}

export interface Credentials {
  /** Current: tokens and certificates that were rotated are read again. @throws if they cannot be read */
  access(): Promise<Access>
  /** The server no longer takes them (401): nothing remembered is used again. */
  forget(): void
}
