// The servers of the demo, all in this one process: `node serve.ts NAMESPACE/PROTOCOL/PORT...`. Runs until it is stopped.
import process from 'node:process'
import { Servers } from '../lab/servers.ts'

/** Printed when every server listens. */
const READY = 'listening\n'

const servers = new Servers()
for (const place of process.argv.slice(2)) {
  const [namespace = '', protocol, port] = place.split('/')
  await servers.listen(namespace, protocol === 'UDP' ? 'UDP' : 'TCP', Number(port))
}
process.stdout.write(READY)
