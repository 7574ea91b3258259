// `helm test` is worth something only if it fails where nothing is enforced.
import { exec } from '../../../../lab/namespace.ts'
import type { Release } from '../release.ts'
import type { Check } from './check.ts'

const FAILED = /vethguard-test-denied failed/

export function helmTestFails(release: Release): Check {
  return {
    name: 'helm test fails where nothing is enforced, because of the client that must not connect',
    needsAgent: true,
    async run({ cluster }) {
      await release.upgrade({ dryRun: true })
      // What the agents before have left is in force until somebody takes it away.
      for (const { namespace } of cluster.nodes) exec(namespace, ['nft', 'delete', 'table', 'inet', 'vethguard'])
      try {
        const output = await release.test().catch((error: unknown) => (error as { stderr: string }).stderr)
        if (!FAILED.test(output)) throw new Error(output)
      } finally {
        await release.upgrade({})
      }
    },
  }
}
