// What an agent says to a kubelet's probe.
import { request, Agent } from 'undici'
import { plainConnector } from '../connector.ts'

const PORT = 9611

/** @param namespace of the agent's node */
export async function isReady(namespace: string): Promise<boolean> {
  const dispatcher = new Agent({ connect: plainConnector(namespace) })
  try {
    const { statusCode, body } = await request(`http://127.0.0.1:${PORT}/readyz`, { dispatcher })
    await body.dump()
    return statusCode === 200
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ECONNREFUSED') return false
    throw error
  } finally {
    await dispatcher.destroy()
  }
}
