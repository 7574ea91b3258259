// etcd and the API server in one network namespace, with an authority of their own.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { ApiClient } from '../api-client.ts'
import type { ApiObject } from '../resource-path.ts'
import { API_SERVER_PROGRAMS, kubernetes, type ApiServerProgram } from './binaries.ts'
import { Authority, type KeyPair } from './certificates.ts'
import { Daemon } from './daemon.ts'
import { Etcd, ETCD_URL } from './etcd.ts'
import { writeKubeconfig, type Credentials, type Endpoint } from './kubeconfig.ts'
import { until } from './until.ts'

export interface ControlPlaneOptions {
  /** Its loopback is up, and `address` is on a link of it. */
  readonly namespace: string
  readonly address: string
  /** An empty one for keys, kubeconfigs, data and logs. */
  readonly folder: string
  /** More flags of kube-apiserver. */
  readonly flags?: readonly string[]
}

const SERVICE_RANGES = '10.96.0.0/16,fd00:96::/112'
const FIRST_SERVICE = '10.96.0.1'

export class ControlPlane {
  readonly authority: Authority
  readonly endpoint: Endpoint
  /** Signs the tokens of service accounts. */
  readonly tokenKey: KeyPair
  /** Of a user who may do everything. */
  readonly adminKubeconfig: string
  readonly admin: ApiClient
  readonly options: ControlPlaneOptions
  private readonly adminKey: KeyPair
  private readonly etcd: Etcd
  private readonly apiServer: Daemon

  /** Starts both and returns when the API server is ready. */
  static async start(options: ControlPlaneOptions): Promise<ControlPlane> {
    const program = await kubernetes(API_SERVER_PROGRAMS)
    const plane = new ControlPlane(options, program)
    try {
      await plane.ready()
    } catch (error) {
      await plane.close()
      throw error
    }
    return plane
  }

  private constructor(options: ControlPlaneOptions, program: (name: ApiServerProgram) => string) {
    this.options = options
    for (const folder of ['keys', 'logs']) mkdirSync(join(options.folder, folder))
    this.authority = new Authority(join(options.folder, 'keys'))
    this.endpoint = { url: `https://${options.address}:6443`, authority: this.authority.certificate }
    this.tokenKey = this.authority.issue('service-accounts', { commonName: 'service-accounts' })
    this.adminKey = this.authority.issue('admin', { commonName: 'admin', organization: 'system:masters' })
    this.adminKubeconfig = this.writeKubeconfig('admin', this.adminKey)
    this.admin = this.client()
    this.etcd = new Etcd({
      program: program('etcd'),
      dataFolder: join(options.folder, 'etcd'),
      namespace: options.namespace,
      logFile: this.logFile('etcd'),
    })
    this.apiServer = this.daemon('kube-apiserver', [program('kube-apiserver'), ...this.apiServerFlags()])
  }

  /** A client of the API server. The caller closes it. @param namespace where connections start; where the API server runs */
  client(credentials: Credentials = this.adminKey, namespace: string = this.options.namespace): ApiClient {
    return new ApiClient(this.endpoint, credentials, namespace)
  }

  /** @returns the file */
  writeKubeconfig(name: string, credentials: Credentials): string {
    const file = join(this.options.folder, `${name}.kubeconfig`)
    writeKubeconfig(file, this.endpoint, credentials)
    return file
  }

  /** Starts another program beside the API server. @param name of its log */
  daemon(name: string, argv: readonly string[]): Daemon {
    return new Daemon({ argv, namespace: this.options.namespace, logFile: this.logFile(name) })
  }

  /** Kills the API server; etcd keeps the data. */
  async killApiServer(): Promise<void> {
    await this.apiServer.kill()
  }

  /** Starts the API server once more and returns when it is ready. */
  async startApiServer(): Promise<void> {
    this.apiServer.start()
    await this.ready()
  }

  /** Has etcd forget all revisions but the newest. An API server that has them in its watch cache serves them all the same. */
  async compact(): Promise<void> {
    await this.etcd.compact()
  }

  /** Puts an object into etcd as it is; the API server takes it for one that it has stored. */
  async putIntoStore(path: string, object: ApiObject): Promise<void> {
    await this.etcd.put(`/registry/${path}`, JSON.stringify(object))
  }

  async close(): Promise<void> {
    await Promise.all([this.admin.close(), this.apiServer.kill(), this.etcd.close()])
  }

  private logFile(name: string): string {
    return join(this.options.folder, 'logs', `${name}.log`)
  }

  private async ready(): Promise<void> {
    await until('ready API server', () => this.isReady(), () => {
      this.etcd.daemon.assertRunning()
      this.apiServer.assertRunning()
    })
  }

  /** The default namespace comes after the rest. */
  private async isReady(): Promise<boolean> {
    return await this.admin.text('/readyz') === 'ok' && (await this.admin.get('/api/v1/namespaces/default')).kind === 'Namespace'
  }

  private apiServerFlags(): string[] {
    const { options: { address, flags = [] }, authority } = this
    const server = authority.issue('kube-apiserver', { commonName: 'kube-apiserver', alternativeNames: serverNames(address) })
    const client = authority.issue('kubelet-client', { commonName: 'kube-apiserver-kubelet-client', organization: 'system:masters' })
    return [
      `--etcd-servers=${ETCD_URL}`,
      `--advertise-address=${address}`,
      `--service-cluster-ip-range=${SERVICE_RANGES}`,
      `--tls-cert-file=${server.certificateFile}`,
      `--tls-private-key-file=${server.keyFile}`,
      `--client-ca-file=${authority.files.certificateFile}`,
      '--authorization-mode=Node,RBAC',
      '--service-account-issuer=https://kubernetes.default.svc',
      `--service-account-key-file=${this.tokenKey.certificateFile}`,
      `--service-account-signing-key-file=${this.tokenKey.keyFile}`,
      `--kubelet-client-certificate=${client.certificateFile}`,
      `--kubelet-client-key=${client.keyFile}`,
      '--kubelet-preferred-address-types=InternalIP',
      '--allow-privileged',
      ...flags,
    ]
  }
}

function serverNames(address: string): string[] {
  const services = ['kubernetes', 'kubernetes.default', 'kubernetes.default.svc']
  return [...['127.0.0.1', address, FIRST_SERVICE].map((ip) => `IP:${ip}`), ...services.map((name) => `DNS:${name}`)]
}
