// A real API server with etcd, and nothing else of Kubernetes: pods and their status are the test's to fake. It runs in a
// namespace of its own and has its own link to each namespace that is to reach it, which no policy of pods is about:
//
//   lab node0 ── api0 ┐
//   lab node1 ── api0 ┴ [ bridge 172.19.0.1 ] kube-apiserver, etcd
import { randomUUID } from 'node:crypto'
import {
  createNamespaces, deleteNamespaces, exec, ipBatch, namespacePrefix, onProcessEnd, sweepNamespaces,
} from '../../lab/namespace.ts'
import { Account, type Rule } from './account.ts'
import type { ApiClient } from './api-client.ts'
import type { KeyPair } from './cluster/certificates.ts'
import type { ApiObject } from './resource-path.ts'
import { ControlPlane } from './cluster/control-plane.ts'
import { makeStateFolder, removeStateFolder } from './state-folder.ts'

export interface ApiServerOptions {
  /** Network namespaces that are to reach it: those of a lab's nodes. */
  readonly namespaces?: readonly string[]
  /** More flags of kube-apiserver: `--watch-cache=false`, `--min-request-timeout=1`. */
  readonly flags?: readonly string[]
}

const ADDRESS = '172.19.0.1'
const FIRST_CLIENT = 10
/** Else pods would need a service account, which only the controller manager makes. */
const WITHOUT_SERVICE_ACCOUNTS = '--disable-admission-plugins=ServiceAccount'

export class ApiServer {
  readonly admin: ApiClient
  /** Of a user who may do everything; it and those of accounts hold in all attached namespaces. */
  readonly kubeconfig: string
  /** Where attached namespaces reach it. */
  readonly url: string
  private readonly plane: ControlPlane
  private readonly namespaces: readonly string[]
  private readonly folder: string
  private readonly accounts: Account[] = []
  private readonly forget: () => void

  /** Takes about 5 s; the first time on a machine some minutes more, because Kubernetes is built (see BUILD_TIMEOUT_MS). */
  static async start({ namespaces = [], flags = [] }: ApiServerOptions = {}): Promise<ApiServer> {
    sweepNamespaces()
    const prefix = namespacePrefix()
    const namespace = `${prefix}-api`
    const folder = makeStateFolder(prefix)
    const remove = (): void => {
      deleteNamespaces([namespace])
      removeStateFolder(folder)
    }
    const forget = onProcessEnd(remove)
    try {
      makeNetwork(namespace, namespaces)
      const plane = await ControlPlane.start({ namespace, folder, address: ADDRESS, flags: [WITHOUT_SERVICE_ACCOUNTS, ...flags] })
      return new ApiServer(plane, namespaces, forget)
    } catch (error) {
      forget()
      remove()
      throw error
    }
  }

  private constructor(plane: ControlPlane, namespaces: readonly string[], forget: () => void) {
    this.plane = plane
    this.namespaces = namespaces
    this.folder = plane.options.folder
    this.admin = plane.admin
    this.kubeconfig = plane.adminKubeconfig
    this.url = plane.endpoint.url
    this.forget = forget
  }

  /** A service account with exactly these rights. @param name unique in this API server */
  async createAccount(name: string, rules: readonly Rule[]): Promise<Account> {
    const account = await Account.create(this.plane, name, rules)
    this.accounts.push(account)
    return account
  }

  /** A certificate that the API server knows its owner by. @param user unique in this API server */
  issueClientCertificate(user: string): KeyPair {
    return this.plane.authority.issue(user, { commonName: user })
  }

  /** A client of the administrator whose connections start in an attached namespace. The caller closes it. */
  clientFrom(namespace: string): ApiClient {
    return this.plane.client(undefined, namespace)
  }

  /** Kills the API server as kill -9 does. */
  async kill(): Promise<void> {
    await this.plane.killApiServer()
  }

  /** Brings a killed API server back with its data, and returns when it is ready. */
  async restart(): Promise<void> {
    await this.plane.startApiServer()
  }

  /** Compacts etcd. The API server serves what its watch cache has all the same, until it is killed and restarted. */
  async compact(): Promise<void> {
    await this.plane.compact()
  }

  /** Has a policy stored as it is, without validation: as an older API server may have done. */
  async storeUnchecked(policy: ApiObject): Promise<void> {
    const { name, namespace } = policy.metadata
    const metadata = { ...policy.metadata, uid: randomUUID(), creationTimestamp: new Date().toISOString() }
    await this.plane.putIntoStore(`networkpolicies/${String(namespace)}/${name}`, { ...policy, metadata })
  }

  /** Cuts every connection from the attached namespaces (RST). */
  cutConnections(): void {
    exec(this.namespace, ['ss', '--kill', '--no-header', '--tcp', `src ${ADDRESS} and not dst ${ADDRESS}`])
  }

  /** Takes the attached namespaces off the network or back on: connections fall silent, nobody is told. */
  setReachable(reachable: boolean): void {
    ipBatch(this.namespace, this.namespaces.map((_, index) => `link set port${index} ${reachable ? 'master lan' : 'nomaster'}`))
  }

  async close(): Promise<void> {
    await Promise.all(this.accounts.map((account) => account.close()))
    await this.plane.close()
    this.forget()
    deleteNamespaces([this.namespace])
    removeStateFolder(this.folder)
  }

  private get namespace(): string {
    return this.plane.options.namespace
  }
}

function makeNetwork(namespace: string, clients: readonly string[]): void {
  createNamespaces([namespace])
  ipBatch(namespace, ['link set lo up', 'link add lan type bridge stp_state 0', `addr add ${ADDRESS}/24 dev lan`, 'link set lan up'])
  clients.forEach((client, index) => {
    ipBatch(undefined, [`link add port${index} netns ${namespace} type veth peer name api0 netns ${client}`])
    ipBatch(namespace, [`link set port${index} master lan`, `link set port${index} up`])
    ipBatch(client, [`addr add 172.19.0.${FIRST_CLIENT + index}/24 dev api0`, 'link set api0 up'])
  })
}
