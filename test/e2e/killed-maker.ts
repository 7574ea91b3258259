// Starts an API server, says so, and waits to be killed (see api-server.test.ts).
import { setTimeout as sleep } from 'node:timers/promises'
import { ApiServer } from './api-server.ts'

const server = await ApiServer.start()
console.log(server.kubeconfig)
await sleep(60_000)
await server.close()
