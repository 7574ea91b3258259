// Prints what a source delivers of the API server of KUBECONFIG: a line of JSON for each batch, and for the problems of each object.
import process from 'node:process'
import pino from 'pino'
import { findCredentials } from '../../../src/kube/credentials/credentials.ts'
import { KubeSource } from '../../../src/kube/source.ts'

function print(line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`)
}

const source = new KubeSource({
  nodeName: 'node0',
  credentials: () => findCredentials(process.env['KUBECONFIG'], process.env),
  clusterPolicies: true,
  log: pino({ level: 'info' }),
  timing: { lookAgainMs: { firstMs: 200, longestMs: 500 } },
})
await source.start({
  changes: (batch) => print({ changes: batch.map(({ kind, key, now = null }) => ({ kind, key, now })) }),
  problems: (object, problems) => print({ object, problems }),
})
print({ msg: 'started' })
