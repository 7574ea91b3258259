// The certificate authority of one cluster, through the openssl program: Node can read certificates but not make them.
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Files of a certificate and its key, in PEM. */
export interface KeyPair {
  readonly certificateFile: string
  readonly keyFile: string
}

export interface Subject {
  /** To Kubernetes the user's name. */
  readonly commonName: string
  /** To Kubernetes the user's group. */
  readonly organization?: string
  /** subjectAltName of a server, as openssl writes it: `IP:127.0.0.1`, `DNS:kubernetes`. */
  readonly alternativeNames?: readonly string[]
}

/** Longer than any test, and shorter than anybody would want to keep such keys. */
const DAYS = '7'
/** openssl wants a section for what `-subj` says already. */
const CONFIG = '[req]\ndistinguished_name = subject\n[subject]\n'

export class Authority {
  readonly files: KeyPair
  private readonly folder: string

  /** @param folder an existing one; keys stay there */
  constructor(folder: string) {
    this.folder = folder
    writeFileSync(this.configFile, CONFIG)
    this.files = this.make('ca', { commonName: 'cluster-ca' }, ['-addext', 'basicConstraints=critical,CA:TRUE'])
  }

  get certificate(): string {
    return readFileSync(this.files.certificateFile, 'utf8')
  }

  /** A certificate for clients and servers alike. @param name of its files */
  issue(name: string, subject: Subject): KeyPair {
    const { certificateFile, keyFile } = this.files
    return this.make(name, subject, [
      '-CA', certificateFile, '-CAkey', keyFile,
      '-addext', `subjectAltName=${(subject.alternativeNames ?? [`DNS:${name}`]).join()}`,
      '-addext', 'extendedKeyUsage=serverAuth,clientAuth',
    ])
  }

  private get configFile(): string {
    return join(this.folder, 'openssl.cnf')
  }

  private make(name: string, { commonName, organization }: Subject, options: readonly string[]): KeyPair {
    const files = { certificateFile: join(this.folder, `${name}.crt`), keyFile: join(this.folder, `${name}.key`) }
    const { status, stderr, error } = spawnSync('openssl', [
      'req', '-x509', '-config', this.configFile, '-days', DAYS,
      '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', // much faster to make than RSA
      '-subj', `${organization === undefined ? '' : `/O=${organization}`}/CN=${commonName}`,
      '-keyout', files.keyFile, '-out', files.certificateFile,
      ...options,
    ], { encoding: 'utf8' })
    if (status !== 0) throw new Error(`no certificate for ${name}: ${error?.message ?? stderr}`, { cause: error })
    return files
  }
}
