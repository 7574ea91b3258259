import { once } from 'node:events'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { connect, dial, exchange, type Outcome } from '../../lab/client.ts'
import { addressOf } from '../../lab/host.ts'
import { Lab } from '../../lab/lab.ts'
import { exec } from '../../lab/namespace.ts'
import { PATIENCE_MS, until } from '../../lab/patience.ts'
import { Prober } from '../../lab/prober.ts'
import { Servers } from '../../lab/servers.ts'

function patience(): AbortSignal {
  return AbortSignal.timeout(PATIENCE_MS)
}

describe.each(['routed', 'bridge'] as const)('%s', (layout) => {
  let lab: Lab
  let servers: Servers

  beforeAll(async () => {
    lab = Lab.create({ layout, nodes: 2, podsPerNode: 3, external: 1 })
    servers = new Servers()
    for (const { namespace } of [...lab.pods, ...lab.externals]) {
      await servers.listen(namespace, 'TCP', 8080)
      await servers.listen(namespace, 'UDP', 5353)
    }
  })
  afterAll(() => {
    servers.close()
    lab.close()
  })

  test.each([4, 6] as const)('everybody reaches every server, nodes included: IPv%d', async (family) => {
    const hosts = [...lab.pods, ...lab.externals]
    const clients = [...hosts, ...lab.nodes]
    const outcomes = await Promise.all(clients.flatMap((from) => hosts.flatMap((to) => [
      connect(from.namespace, addressOf(to, family), 8080, patience()),
      exchange(from.namespace, addressOf(to, family), 5353, patience()),
    ])))
    expect(outcomes).toEqual(Array.from({ length: clients.length * hosts.length * 2 }, () => 'open'))
  })

  test('no server there: refused; dropped on the way: timeout', async () => {
    const [from, to] = [lab.pods[0]!, lab.pods[1]!]
    const rule = (protocol: string): string => `ip daddr 10.244.0.11 meta l4proto ${protocol} counter name dropped_${protocol} drop`
    const rules = `table inet test { counter dropped_tcp {}; counter dropped_udp {}; chain forward { type filter hook forward priority filter; ${rule('tcp')}; ${rule('udp')}; }; }`
    /** Waits for an answer until the rule has dropped a packet. */
    const untilDropped = async (protocol: 'tcp' | 'udp', attempt: (end: AbortSignal) => Promise<Outcome>): Promise<Outcome> => {
      const end = new AbortController()
      const outcome = attempt(end.signal)
      await until(() => !exec(lab.nodes[0]!.namespace, ['nft', 'list', 'counter', 'inet', 'test', `dropped_${protocol}`]).includes('packets 0 '))
      end.abort()
      return outcome
    }
    expect(await connect(from.namespace, to.address4, 8081, patience())).toBe('refused')
    exec(lab.nodes[0]!.namespace, ['nft', '-f', '-'], rules)
    expect(await untilDropped('tcp', (end) => connect(from.namespace, to.address4, 8080, end))).toBe('timeout')
    expect(await untilDropped('udp', (end) => exchange(from.namespace, to.address4, 5353, end))).toBe('timeout')
    expect(await connect(from.namespace, to.address6, 8080, patience())).toBe('open')
    exec(lab.nodes[0]!.namespace, ['nft', 'delete table inet test'])
    expect(await connect(from.namespace, to.address4, 8080, patience())).toBe('open')
  })

  test('a connection stays and carries data while the prober works in the same pods', async () => {
    const [from, to] = [lab.pods[0]!, lab.pods[1]!]
    const socket = dial(from.namespace, to.address4, 8080)
    const prober = new Prober(lab)
    try {
      for (const word of ['one', 'two']) {
        socket.write(word)
        const [answer] = await once(socket, 'data') as [Buffer]
        expect(answer.toString()).toBe(word)
        expect(prober.probe({ from, to, probe: { protocol: 'TCP', port: 8080, family: 4 } })).toBe('allowed')
      }
    } finally {
      prober.close()
      socket.destroy()
    }
  })

  test('a port can be had once', async () => {
    const second = new Servers()
    await expect(second.listen(lab.pods[0]!.namespace, 'TCP', 8080)).rejects.toThrow('EADDRINUSE')
    await expect(second.listen(lab.pods[0]!.namespace, 'UDP', 5353)).rejects.toThrow('EADDRINUSE')
    second.close()
  })
})
