// SCTP by raw packets, from one pod of the lab to another, through a node that tracks connections and drops what is no SCTP to it.
import { spawnSync } from 'node:child_process'
import { closeSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { addressTexts } from '../../lab/host.ts'
import { Lab } from '../../lab/lab.ts'
import { exec, inNamespace, ipBatch } from '../../lab/namespace.ts'
import { socket } from '../../src/netlink/libc.ts'
import { buildFront } from './cluster/agnhost-image.ts'
import { BUILD_TIMEOUT_MS } from './cluster/binaries.ts'
import { Daemon } from './cluster/daemon.ts'
import { until } from './cluster/until.ts'

const [AF_INET, SOCK_STREAM, IPPROTO_SCTP] = [2, 1, 132]
const [SERVED, DROPPED, REJECTED, UNSERVED] = [9003, 9005, 9006, 9007]
const RULES = `table inet test {
  chain forward {
    type filter hook forward priority 0
    ct state invalid drop
    sctp dport ${DROPPED} drop
    sctp dport ${REJECTED} reject
  }
}`

/** The front leaves SCTP to such a kernel. */
function kernelHasSctp(): boolean {
  try {
    closeSync(socket(AF_INET, SOCK_STREAM, IPPROTO_SCTP))
    return true
  } catch {
    return false
  }
}

;(kernelHasSctp() ? describe.skip : describe)('the front of agnhost', () => {
  let lab: Lab
  let folder: string
  let front: string
  let porters: Daemon[]
  let server: readonly string[]
  /** The node has others, from which the kernel would reply if it had the choice. */
  const node = ['192.0.2.2', '2001:db8::2']

  beforeAll(async () => {
    lab = Lab.create({ nodes: 1, podsPerNode: 2 })
    folder = mkdtempSync(join(tmpdir(), 'vethguard-front-'))
    front = await buildFront(folder)
    const [machine, pod] = [lab.nodes[0]!, lab.pods[1]!]
    server = addressTexts(pod)
    ipBatch(machine.namespace, ['192.0.2.1', ...node].map((address) => `addr add ${address} dev lo`))
    exec(machine.namespace, ['nft', '-f', '-'], RULES)
    porters = [pod, machine].map(({ namespace }) => new Daemon({
      argv: [front, 'porter'], namespace, logFile: join(folder, `${namespace}.log`),
      environment: Object.fromEntries([SERVED, DROPPED, REJECTED].map((port) => [`SERVE_SCTP_PORT_${port}`, 'foo'])),
    }))
    for (const porter of porters) {
      await until('SCTP server', async () => Promise.resolve(porter.log.includes('Started SCTP server')), () => porter.assertRunning())
    }
  }, BUILD_TIMEOUT_MS)

  afterAll(async () => {
    await Promise.all(porters.map((porter) => porter.kill()))
    lab.close()
    rmSync(folder, { recursive: true })
  })

  /** What `agnhost connect` says, and its status. */
  function attempt(address: string, port: number, timeout = '300ms'): string {
    const host = address.includes(':') ? `[${address}]` : address
    const argv = ['connect', `--timeout=${timeout}`, '--protocol=sctp', `${host}:${port}`]
    const { stdout, stderr, status } = inNamespace(lab.pods[0]!.namespace, () => spawnSync(front, argv, { encoding: 'utf8' }))
    return `${stdout}${stderr}${status}`
  }

  describe.each([[4, 0], [6, 1]] as const)('by IPv%d', (family, index) => {
    test('connects, and connection tracking has seen a whole handshake', () => {
      expect(attempt(server[index]!, SERVED, '30s')).toBe('0')
      const entries = exec(lab.nodes[0]!.namespace, ['conntrack', '-L', '-f', `ipv${family}`, '-p', 'sctp', '--dport', String(SERVED)])
      expect(entries).toMatch(/^sctp .* CLOSED .*\[ASSURED\]/m)
    })

    test('is answered from the address that it connects to', () => expect(attempt(node[index]!, SERVED, '30s')).toBe('0'))

    test('says TIMEOUT when packets are dropped', () => expect(attempt(server[index]!, DROPPED)).toBe('TIMEOUT\n1'))

    test('says that packets are rejected', () => expect(attempt(server[index]!, REJECTED, '30s')).toBe('OTHER: connection refused\n1'))

    test('says TIMEOUT when no server has the port', () => expect(attempt(server[index]!, UNSERVED)).toBe('TIMEOUT\n1'))
  })

  test('says DNS when there is no address to connect to', () => {
    expect(spawnSync(front, ['connect', '--timeout=1s', '--protocol=sctp', 'nowhere'], { encoding: 'utf8' }).stderr).toMatch(/^DNS: /)
  })

  test('is a shell for one command', () => {
    const command = `/agnhost connect --timeout=300ms --protocol=sctp ${server[0]}:${DROPPED}`
    const { stderr } = inNamespace(lab.pods[0]!.namespace, () => spawnSync(front, ['-c', command], { argv0: '/bin/bash', encoding: 'utf8' }))
    expect(stderr).toBe('TIMEOUT\n')
  })

  test('leaves everything else to the agnhost beside it', () => {
    expect(spawnSync(front, ['connect', '--protocol=tcp', '127.0.0.1:80'], { encoding: 'utf8' }).stderr).toMatch(/^\/agnhost-upstream: /)
  })
})
