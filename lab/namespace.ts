// Network namespaces for the lab: made and removed through `ip`, entered by moving the calling thread. A name carries the pid of
// its maker, so that what a killed process left behind is found and removed at the next start.
import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { closeSync, openSync, readdirSync } from 'node:fs'
import process from 'node:process'
import { setns } from '../src/netlink/libc.ts'

const FOLDER = '/run/netns'
const NAME_OF_MAKER = /^vg(\d+)-/

/**
 * A prefix for the namespaces of one lab, unique on the machine: `vgPID-RANDOM`.
 * @param kept the namespaces are to outlive their maker (the sweeper never matches them)
 */
export function namespacePrefix(kept = false): string {
  return `${kept ? 'vgkeep' : 'vg'}${process.pid}-${randomBytes(3).toString('hex')}`
}

/** Makes namespaces; all or an error. Their loopback is still down. */
export function createNamespaces(names: readonly string[]): void {
  ipBatch(undefined, names.map((name) => `netns add ${name}`))
}

/** Removes namespaces and so their links; those that are gone already are fine. The kernel finishes in the background. */
export function deleteNamespaces(names: readonly string[]): void {
  const left = existing(names)
  if (left.length === 0) return
  try {
    run(['ip', '-force', '-batch', '-'], left.map((name) => `netns del ${name}`).join('\n'))
  } catch (error) {
    if (existing(left).length > 0) throw error // else somebody else was removing the same ones
  }
}

/** Removes the namespaces of makers that are no longer alive. @returns their names */
export function sweepNamespaces(): string[] {
  const stale = listNamespaces().filter((name) => {
    const maker = NAME_OF_MAKER.exec(name)?.[1]
    return maker !== undefined && !isAlive(Number(maker))
  })
  deleteNamespaces(stale)
  return stale
}

/**
 * Runs a function with this thread in a namespace, and comes back always. Sockets opened and processes started in there
 * belong to that namespace for good; `/proc/sys/net` is that of the namespace. Calls may nest.
 * @param fn must be synchronous: other callbacks of the event loop would run in the namespace too
 */
export function inNamespace<T>(name: string, fn: () => T): T {
  const home = openSync('/proc/thread-self/ns/net', 'r')
  try {
    enter(name)
    try {
      return fn()
    } finally {
      setns(home)
    }
  } finally {
    closeSync(home)
  }
}

/**
 * Runs a program to its end in a namespace.
 * @returns its standard output
 * @throws Error with its standard error when it cannot be started or ends with anything but 0
 */
export function exec(name: string, argv: readonly string[], input = ''): string {
  return inNamespace(name, () => run(argv, input))
}

/** Runs `ip` once with many command lines, in a namespace or (undefined) here. */
export function ipBatch(namespace: string | undefined, lines: readonly string[]): void {
  run(['ip', ...(namespace === undefined ? [] : ['-n', namespace]), '-batch', '-'], lines.join('\n'))
}

/**
 * Calls `remove` when the process ends by itself, by an uncaught error, SIGINT, SIGTERM or SIGHUP.
 * @returns a function that takes the promise back
 */
export function onProcessEnd(remove: () => void): () => void {
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
  const cancel = (): void => {
    process.off('exit', remove)
    for (const signal of signals) process.off(signal, onSignal)
  }
  const onSignal = (signal: NodeJS.Signals): void => {
    cancel()
    remove()
    // Where nobody else wants the signal it does what it would have done without us.
    if (process.listenerCount(signal) === 0) process.kill(process.pid, signal)
  }
  process.on('exit', remove)
  for (const signal of signals) process.on(signal, onSignal)
  return cancel
}

export function listNamespaces(): string[] {
  try {
    return readdirSync(FOLDER)
  } catch {
    return [] // `ip` makes the folder with the first namespace
  }
}

function existing(names: readonly string[]): string[] {
  const all = new Set(listNamespaces())
  return names.filter((name) => all.has(name))
}

function enter(name: string): void {
  const fd = openSync(`${FOLDER}/${name}`, 'r')
  try {
    setns(fd)
  } finally {
    closeSync(fd)
  }
}

function run(argv: readonly string[], input: string): string {
  const [program = '', ...args] = argv
  const { status, stdout, stderr, error } = spawnSync(program, args, { input, encoding: 'utf8', maxBuffer: 1 << 28 })
  if (status !== 0) throw new Error(`${argv.join(' ')}: ${error?.message ?? stderr.trim()}`, { cause: error })
  return stdout
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
