// With which rights the agents really run, as kernel and API server have it.
import { readFileSync } from 'node:fs'
import { isDeepStrictEqual } from 'node:util'
import { AGENT_RULES } from '../../account.ts'
import { NAMESPACE, RELEASE } from '../../../chart/helm.ts'
import type { ApiObject } from '../../resource-path.ts'
import type { Cluster } from '../cluster.ts'
import { kubectl } from '../kubectl.ts'
import { processOf } from '../pod-namespace.ts'
import { statusOf } from '../pod-object.ts'
import type { Release } from '../release.ts'
import { Unexpected } from '../unexpected.ts'
import type { Check } from './check.ts'

/** linux/capability.h: CAP_NET_ADMIN is bit 12. */
const [NET_ADMIN, NONE] = ['0000000000001000', '0000000000000000']
/** In /proc/PID/status; seccomp mode 2 is a filter. */
const STATUS: Readonly<Record<string, string>> = {
  Uid: '0\t0\t0\t0', Gid: '0\t0\t0\t0', CapEff: NET_ADMIN, CapPrm: NET_ADMIN, CapBnd: NET_ADMIN, CapInh: NONE, CapAmb: NONE,
  NoNewPrivs: '1', Seccomp: '2',
}

export function leastRights(release: Release): Check {
  return {
    name: 'agents run with NET_ADMIN alone, a seccomp filter, no new privileges, a read-only root, nothing of the node mounted, and list and watch',
    needsAgent: true,
    async run({ cluster }) {
      const wrong = (await Promise.all((await release.pods()).map((pod) => wrongWith(cluster, pod)))).flat()
      const { rules } = await cluster.admin.get(`/apis/rbac.authorization.k8s.io/v1/clusterroles/${RELEASE}`)
      if (!isDeepStrictEqual(rules, AGENT_RULES)) wrong.push(`the role grants ${JSON.stringify(rules)}`)
      if (wrong.length > 0) throw new Unexpected(wrong)
    },
  }
}

async function wrongWith(cluster: Cluster, pod: ApiObject): Promise<string[]> {
  const { metadata: { name } } = pod
  const pid = processOf(statusOf(pod).containerStatuses![0]!.containerID!)
  const status = statusFields(pid)
  const { volumes = [] } = pod['spec'] as { volumes?: readonly { readonly name: string }[] }
  return [
    ...Object.entries(STATUS).filter(([field, value]) => status.get(field) !== value).map(([field]) => `${field} ${status.get(field)}`),
    ...volumes.filter((volume) => !('projected' in volume)).map((volume) => `volume ${volume.name}`),
    ...await canWrite(cluster, name) ? ['its root file system can be written'] : [],
  ].map((line) => `${name}: ${line}`)
}

/** Keys and values of /proc/PID/status. */
function statusFields(pid: string): Map<string, string> {
  const lines = readFileSync(`/proc/${pid}/status`, 'utf8').trim().split('\n')
  return new Map(lines.map((line) => line.split(/:\t/) as [string, string]))
}

async function canWrite(cluster: Cluster, pod: string): Promise<boolean> {
  try {
    await kubectl(cluster, 'exec', '--namespace', NAMESPACE, pod, '--', 'sh', '-c', 'echo > /app/written')
    return true
  } catch (error) {
    if ((error as { stderr: string }).stderr.includes('Read-only file system')) return false
    throw error
  }
}
