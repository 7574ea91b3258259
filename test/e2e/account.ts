// A service account with exactly the rights that it is given, and a kubeconfig whose token can be rotated.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ApiClient } from './api-client.ts'
import type { ControlPlane } from './cluster/control-plane.ts'
import type { ApiObject } from './resource-path.ts'

/** rbac.authorization.k8s.io/v1 PolicyRule. */
export interface Rule {
  readonly apiGroups: readonly string[]
  readonly resources: readonly string[]
  readonly verbs: readonly string[]
}

/** What the agent needs, and nothing else. */
export const AGENT_RULES: readonly Rule[] = [
  { apiGroups: [''], resources: ['namespaces', 'pods'], verbs: ['list', 'watch'] },
  { apiGroups: ['networking.k8s.io'], resources: ['networkpolicies'], verbs: ['list', 'watch'] },
  { apiGroups: ['policy.networking.k8s.io'], resources: ['clusternetworkpolicies'], verbs: ['list', 'watch'] },
  { apiGroups: [''], resources: ['nodes'], verbs: ['list', 'watch'] },
]

const RBAC = 'rbac.authorization.k8s.io'
const NAMESPACE = 'kube-system'
/** The shortest life that the API server grants. */
const TOKEN_SECONDS = 600

export class Account {
  /** Names the token's file, so that programs see a rotation. */
  readonly kubeconfig: string
  readonly client: ApiClient
  private readonly name: string
  private readonly tokenFile: string
  private readonly plane: ControlPlane

  /** @param name of the account, its role and its files */
  static async create(plane: ControlPlane, name: string, rules: readonly Rule[]): Promise<Account> {
    const account = new Account(plane, name)
    await account.grant(rules)
    await account.rotateToken()
    return account
  }

  private constructor(plane: ControlPlane, name: string) {
    this.plane = plane
    this.name = name
    this.tokenFile = join(plane.options.folder, `${name}.token`)
    this.kubeconfig = plane.writeKubeconfig(name, { tokenFile: this.tokenFile })
    this.emptyToken()
    this.client = plane.client({ tokenFile: this.tokenFile })
  }

  /** Replaces the account's rights; they are in force at once or some milliseconds later. */
  async grant(rules: readonly Rule[]): Promise<void> {
    for (const object of accountObjects(this.name, rules)) await this.plane.admin.apply(object)
  }

  /** Puts a new token into the file; the old one stays valid. */
  async rotateToken(): Promise<void> {
    const request = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: { expirationSeconds: TOKEN_SECONDS } }
    const { status } = await this.plane.admin.post(`/api/v1/namespaces/${NAMESPACE}/serviceaccounts/${this.name}/token`, request)
    writeFileSync(this.tokenFile, (status as { token: string }).token)
  }

  /** Empties the token's file, as somebody does who then writes a new one. */
  emptyToken(): void {
    writeFileSync(this.tokenFile, '')
  }

  /** Makes all tokens invalid, by making the account anew. The API server remembers a token that it has seen for 10 s. */
  async revokeTokens(): Promise<void> {
    const account = serviceAccount(this.name)
    await this.plane.admin.delete(account)
    await this.plane.admin.apply(account)
  }

  async close(): Promise<void> {
    await this.client.close()
  }
}

function serviceAccount(name: string): ApiObject {
  return { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name, namespace: NAMESPACE } }
}

function accountObjects(name: string, rules: readonly Rule[]): ApiObject[] {
  const apiVersion = `${RBAC}/v1`
  return [
    serviceAccount(name),
    { apiVersion, kind: 'ClusterRole', metadata: { name }, rules },
    {
      apiVersion,
      kind: 'ClusterRoleBinding',
      metadata: { name },
      roleRef: { apiGroup: RBAC, kind: 'ClusterRole', name },
      subjects: [{ kind: 'ServiceAccount', name, namespace: NAMESPACE }],
    },
  ]
}
