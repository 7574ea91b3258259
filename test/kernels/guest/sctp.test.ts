// SCTP with the kernel's own sockets: whole associations, and not only packets that look like their beginning.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { addressOf } from '../../../lab/host.ts'
import { inNamespace } from '../../../lab/namespace.ts'
import { until } from '../../../lab/patience.ts'
import { type Family, formatAddress } from '../../../src/cluster/address.ts'
import { type PodName, policyObject } from '../../situations/fixture.ts'
import { TwoNodes } from './two-nodes.ts'

const CLIENT: PodName = 'x/b'
/** One on the same node, one on the other. */
const TARGETS: readonly PodName[] = ['x/a', 'z/a']
/** Port 80 over SCTP and nothing else. */
const POLICIES = ['x', 'z'].map((namespace) => policyObject('sctp', {
  podSelector: { matchLabels: { pod: 'a' } },
  ingress: [{ ports: [{ port: 80, protocol: 'SCTP' }] }],
}, namespace))

let lab: TwoNodes
let programs: ChildProcess[]

beforeEach(() => {
  lab = new TwoNodes()
  programs = []
})
afterEach(() => {
  for (const program of programs) program.kill('SIGKILL')
  lab.close()
})

/** The kernel kills it if this process dies. */
function socat(pod: PodName, ...args: readonly string[]): ChildProcess {
  const { namespace } = lab.pod(pod)
  const program = inNamespace(namespace, () => spawn('setpriv', ['--pdeathsig', 'KILL', 'socat', ...args], { stdio: ['pipe', 'pipe', 'inherit'] }))
  programs.push(program)
  return program
}

/** An echo server. */
async function serve(pod: PodName, port: number, family: Family): Promise<void> {
  socat(pod, `SCTP${family}-LISTEN:${port},fork,reuseaddr`, 'EXEC:cat')
  await until(() => isListening(pod, port), `${pod} to listen at ${port}`)
}

/** None while the module is being loaded. */
function endpoints(): string[] {
  const file = '/proc/thread-self/net/sctp/eps'
  return !existsSync(file) ? [] : readFileSync(file, 'utf8').split('\n').slice(1)
}

function isListening(pod: PodName, port: number): boolean {
  return inNamespace(lab.pod(pod).namespace, () => endpoints().some((line) => line.trim().split(/\s+/)[5] === String(port)))
}

class Association {
  heard = ''
  readonly #program: ChildProcess

  constructor(to: PodName, port: number, family: Family) {
    const address = formatAddress(addressOf(lab.pod(to), family))
    this.#program = socat(CLIENT, '-', `SCTP${family}-CONNECT:${family === 4 ? address : `[${address}]`}:${port}`)
    this.#program.stdout!.on('data', (data: Buffer) => (this.heard += data.toString()))
    this.#program.stdin!.on('error', () => undefined) // of one that is killed before it is connected
    this.say('hello\n')
  }

  say(text: string): void {
    this.#program.stdin!.write(text)
  }

  async echoes(text: string): Promise<void> {
    await until(() => this.heard.includes(text), () => `the echo of ${text.trim()}; heard: ${this.heard}`)
  }

  async end(): Promise<void> {
    this.#program.kill('SIGKILL')
    if (this.#program.exitCode === null && this.#program.signalCode === null) await once(this.#program, 'exit')
  }
}

test.each([4, 6] as const)('IPv%d: an allowed port takes associations, another does not, and what is under way goes on', async (family) => {
  for (const target of TARGETS) for (const port of [80, 81]) await serve(target, port, family)
  await lab.enforce(POLICIES)
  for (const target of TARGETS) {
    const counter = `deny-in/${target}`
    const allowed = new Association(target, 80, family)
    await allowed.echoes('hello')
    await lab.untilDenied(counter, () => {
      const denied = new Association(target, 81, family)
      return { hasArrived: () => denied.heard !== '', end: () => void denied.end() }
    })
    await lab.enforce(['x', 'z'].map((namespace) => policyObject('nothing', { podSelector: {}, policyTypes: ['Ingress'] }, namespace)))
    allowed.say('still there\n')
    await allowed.echoes('still there')
    await lab.untilDenied(counter, () => {
      const late = new Association(target, 80, family)
      return { hasArrived: () => late.heard !== '', end: () => void late.end() }
    })
    await allowed.end()
    await lab.enforce(POLICIES)
  }
  expect(programs.length).toBe(4 + 3 * TARGETS.length)
})
