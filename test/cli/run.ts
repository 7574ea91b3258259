// Runs bin/vethguard as a shell would, to its end.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { inNamespace } from '../../lab/namespace.ts'
import { PATIENCE_MS } from '../../lab/patience.ts'

export const VETHGUARD = fileURLToPath(new URL('../../bin/vethguard', import.meta.url))

/**
 * Compiled code is kept between the many starts of a test run: each then takes half as long. Agents listen where a test says so: many
 * run at once, some in namespaces without a loopback.
 */
export const ENVIRONMENT = {
  PATH: process.env['PATH'],
  NODE_COMPILE_CACHE: join(tmpdir(), 'vethguard-test-compiled'),
  VETHGUARD_LISTEN: 'off',
}

/** What a program said, and how it ended; `code` is null if it had to be killed. */
export interface Run {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface RunOptions {
  /** Network namespace; undefined: the test's own. */
  readonly namespace?: string
  /** All of its environment beside ENVIRONMENT. */
  readonly env?: Readonly<Record<string, string>>
  /** A program that is to start it, with arguments. */
  readonly by?: readonly string[]
}

export async function vethguard(args: readonly string[], { namespace, env = {}, by = [] }: RunOptions = {}): Promise<Run> {
  const [program = '', ...rest] = [...by, VETHGUARD, ...args]
  const start = () => spawn(program, rest, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...ENVIRONMENT, ...env },
    timeout: PATIENCE_MS,
    killSignal: 'SIGKILL',
  })
  const child = namespace === undefined ? start() : inNamespace(namespace, start)
  const [stdout, stderr] = [collect(child.stdout), collect(child.stderr)]
  const [code] = await once(child, 'close') as [number | null]
  return { code, stdout: stdout(), stderr: stderr() }
}

function collect(stream: NodeJS.ReadableStream): () => string {
  let text = ''
  stream.setEncoding('utf8')
  stream.on('data', (part: string) => {
    text += part
  })
  return () => text
}
