// A container of the image as a DaemonSet's pod has it: root with CAP_NET_ADMIN and nothing else, read-only, in a node's network
// namespace. By runc itself, so that no cluster is needed.
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import type { Run } from '../cli/run.ts'
import type { Image } from './image.ts'

export interface ContainerOptions {
  readonly image: Image
  /** In place of the image's CMD. */
  readonly args: readonly string[]
  /** In place of the image's ENTRYPOINT. */
  readonly entrypoint?: readonly string[]
  /** Name of the node's network namespace. */
  readonly namespace: string
  /** Folder that is at /manifests in there. */
  readonly manifests?: string
  readonly env?: readonly string[]
  readonly capabilities?: readonly string[]
}

export class Container implements AsyncDisposable {
  /** All that it wrote so far. */
  stdout = ''
  stderr = ''
  readonly closed: Promise<number | null>
  readonly #child: ChildProcess
  readonly #folder = mkdtempSync(join(tmpdir(), 'vethguard-container-'))
  readonly #runc = ['--root', join(this.#folder, 'state')]
  readonly #id = `vg${process.pid}-${this.#folder.slice(-6)}`

  constructor(options: ContainerOptions) {
    writeFileSync(join(this.#folder, 'config.json'), JSON.stringify(specOf(options)))
    mkdirSync(join(this.#folder, 'state'))
    this.#child = spawn('runc', [...this.#runc, 'run', '--bundle', this.#folder, this.#id], { stdio: ['ignore', 'pipe', 'pipe'] })
    this.#child.stdout!.setEncoding('utf8').on('data', (text: string) => (this.stdout += text))
    this.#child.stderr!.setEncoding('utf8').on('data', (text: string) => (this.stderr += text))
    this.closed = once(this.#child, 'close').then(([code]) => code as number | null)
  }

  /** As kubelet does. */
  stop(): void {
    spawn('runc', [...this.#runc, 'kill', this.#id, 'TERM'], { stdio: 'inherit' })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await once(spawn('runc', [...this.#runc, 'delete', '--force', this.#id], { stdio: 'ignore' }), 'close')
    await this.closed
    rmSync(this.#folder, { recursive: true })
  }
}

/** Runs one to its end. */
export async function runContainer(options: ContainerOptions): Promise<Run> {
  await using container = new Container(options)
  const code = await container.closed
  return { code, stdout: container.stdout, stderr: container.stderr }
}

/** A runtime specification of the OCI. */
function specOf({ image: { root, config }, args, entrypoint, namespace, manifests, env = [], capabilities = ['CAP_NET_ADMIN'] }: ContainerOptions): object {
  const [uid, gid] = config.User.split(':').map(Number)
  const binds = manifests === undefined ? [] : [{ destination: '/manifests', type: 'bind', source: manifests, options: ['rbind', 'ro'] }]
  return {
    ociVersion: '1.0.2',
    process: {
      user: { uid, gid },
      args: [...(entrypoint ?? config.Entrypoint), ...args],
      env: [...config.Env, ...env],
      cwd: '/',
      capabilities: { bounding: capabilities, effective: capabilities, permitted: capabilities },
      noNewPrivileges: true,
    },
    root: { path: root, readonly: true },
    mounts: [
      { destination: '/proc', type: 'proc', source: 'proc' },
      { destination: '/dev', type: 'tmpfs', source: 'tmpfs', options: ['nosuid', 'mode=755', 'size=64k'] },
      ...binds,
    ],
    linux: {
      namespaces: [...['pid', 'ipc', 'uts', 'mount'].map((type) => ({ type })), { type: 'network', path: `/run/netns/${namespace}` }],
      readonlyPaths: ['/proc/sys'],
    },
  }
}
