// How undici opens connections inside a network namespace, plain or with TLS.
import { connect as connectTls, type SecureContextOptions } from 'node:tls'
import type { Pool } from 'undici'
import { dial } from '../../lab/client.ts'
import { literalAddress } from '../../lab/host.ts'

export type Connector = Extract<NonNullable<Pool.Options['connect']>, (...args: never[]) => void>

/** @param namespace where the host, which is a numeric address, is within reach */
export function plainConnector(namespace: string): Connector {
  return ({ hostname, port }, callback) => {
    const socket = dial(namespace, literalAddress(hostname), Number(port))
    const fail = (error: Error): void => callback(error, null)
    socket.once('error', fail)
    socket.once('connect', () => {
      socket.off('error', fail)
      callback(null, socket)
    })
  }
}

export function tlsConnector(namespace: string, options: SecureContextOptions): Connector {
  const connectPlain = plainConnector(namespace)
  return (target, callback) => connectPlain(target, (...[error, socket]) => {
    if (socket === null) {
      callback(error, null)
      return
    }
    const secure = connectTls({ socket, host: target.hostname, ...options })
    const fail = (failure: Error): void => callback(failure, null)
    secure.once('error', fail)
    secure.once('secureConnect', () => {
      secure.off('error', fail)
      callback(null, secure)
    })
  })
}
