// Kubeconfig files, written as JSON (which is YAML).
import { readFileSync, writeFileSync } from 'node:fs'
import type { KeyPair } from './certificates.ts'

/** How a client says who it is: by certificate, or by the bearer token that stands in a file and may change. */
export type Credentials = KeyPair | { readonly tokenFile: string }

export interface Endpoint {
  /** `https://172.19.0.1:6443` */
  readonly url: string
  /** PEM of the authority that signed the server's certificate. */
  readonly authority: string
}

/** Everything that may be rotated stands in a file of its own, which the kubeconfig names. */
export interface CredentialFiles extends KeyPair {
  readonly authorityFile: string
  /** What the server's certificate is to say; undefined: the host of the URL. */
  readonly serverName?: string
}

export function writeKubeconfig(file: string, { url, authority }: Endpoint, credentials: Credentials): void {
  write(file, { server: url, 'certificate-authority-data': base64(authority) }, userOf(credentials))
}

export function writeKubeconfigOfFiles(file: string, url: string, files: CredentialFiles): void {
  const { authorityFile, serverName, certificateFile, keyFile } = files
  const cluster = { server: url, 'certificate-authority': authorityFile, ...(serverName !== undefined && { 'tls-server-name': serverName }) }
  write(file, cluster, { 'client-certificate': certificateFile, 'client-key': keyFile })
}

function write(file: string, cluster: Record<string, string>, user: Record<string, string>): void {
  writeFileSync(file, JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'test',
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'test' } }],
    clusters: [{ name: 'test', cluster }],
    users: [{ name: 'test', user }],
  }, undefined, 2))
}

function userOf(credentials: Credentials): Record<string, string> {
  if ('tokenFile' in credentials) return credentials
  return {
    'client-certificate-data': base64(readFileSync(credentials.certificateFile)),
    'client-key-data': base64(readFileSync(credentials.keyFile)),
  }
}

function base64(data: string | Buffer): string {
  return Buffer.from(data).toString('base64')
}
