// A machine in qemu: boots, says what it does on its console, and is ended when it says nothing any more.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream, existsSync, readFileSync } from 'node:fs'
import process from 'node:process'
import { createInterface } from 'node:readline'
import { execa } from 'execa'
import { CPU } from './foreign.ts'
import { type Architecture, EMULATORS } from './kinds.ts'

const MEMORY_MB = 4096

/** So long a machine may say nothing: some times what the slowest test takes without KVM. */
const SILENCE_MS = 15 * 60_000
/** And so long it may take altogether. */
const LONGEST_MS = 60 * 60_000
/** For a start of qemu alone. */
const TRIAL_MS = 3000
/** It has said that all is done; what is left is to power off. */
const GOODBYE_MS = 60_000

export interface Boot {
  readonly architecture: Architecture
  readonly image: string
  readonly initrd: string
  readonly disk: string
  /** The file that keeps its console. */
  readonly console: string
  readonly isKvm: boolean
  readonly cpus: number
}

export class Machine {
  readonly #process: ChildProcess
  readonly #closed: Promise<unknown>
  #patience: NodeJS.Timeout | undefined
  readonly #deadline: NodeJS.Timeout
  #why: string | undefined

  /** @param onLine is told each line of the console */
  constructor(boot: Boot, onLine: (line: string) => void) {
    // The kernel ends it with us, however we end.
    const child = spawn('setpriv', ['--pdeathsig', 'KILL', EMULATORS[boot.architecture].program, ...argumentsOf(boot)], { stdio: ['ignore', 'pipe', 'pipe'] })
    this.#process = child
    this.#closed = once(child, 'close')
    const log = createWriteStream(boot.console)
    for (const stream of [child.stdout, child.stderr]) stream.pipe(log, { end: false })
    createInterface(child.stdout).on('line', (line) => {
      this.#wait(SILENCE_MS, `it said nothing for ${SILENCE_MS / 60_000} minutes`)
      onLine(line)
    })
    this.#wait(SILENCE_MS, 'it said nothing at all')
    this.#deadline = setTimeout(() => this.#end(`it took longer than ${LONGEST_MS / 60_000} minutes`), LONGEST_MS)
    void this.#closed.finally(() => log.end()).catch(() => undefined)
  }

  /** All that it was to say it has said. */
  done(): void {
    this.#wait(GOODBYE_MS, 'it did not power off')
  }

  /** @returns why it had to be ended; undefined: it powered off */
  async ended(): Promise<string | undefined> {
    try {
      await this.#closed
    } finally {
      clearTimeout(this.#patience)
      clearTimeout(this.#deadline)
    }
    return this.#why
  }

  #wait(ms: number, why: string): void {
    clearTimeout(this.#patience)
    this.#patience = setTimeout(() => this.#end(why), ms)
  }

  #end(why: string): void {
    this.#why = why
    this.#process.kill('SIGKILL')
  }
}

function argumentsOf({ architecture, image, initrd, disk, isKvm, cpus }: Boot): string[] {
  const { machine, console } = EMULATORS[architecture]
  return [
    ...machine, ...(isKvm ? ['-accel', 'kvm'] : ['-accel', 'tcg,thread=multi']), '-cpu', 'max', '-smp', String(cpus), '-m', String(MEMORY_MB),
    '-nographic', '-no-reboot', '-net', 'none',
    '-kernel', image, '-initrd', initrd, '-drive', `file=${disk},if=virtio,format=raw,snapshot=on`,
    '-append', `console=${console} panic=-1 quiet loglevel=1 mitigations=off`,
  ]
}

/**
 * Whether qemu can have KVM. A device alone says nothing: without the processor's own virtualization it may only seem to work, and trying it
 * stops some machines for minutes.
 */
export async function hasKvm(architecture: Architecture): Promise<boolean> {
  if (CPU[architecture] !== process.arch || !existsSync('/dev/kvm')) return false
  if (architecture === 'amd64' && !/^flags.*\b(vmx|svm)\b/m.test(readFileSync('/proc/cpuinfo', 'utf8'))) return false
  const { program, machine } = EMULATORS[architecture]
  const paused = [...machine, '-accel', 'kvm', '-cpu', 'max', '-display', 'none', '-serial', 'none', '-monitor', 'none', '-S']
  const { timedOut } = await execa(program, paused, { stdin: 'ignore', reject: false, timeout: TRIAL_MS })
  return timedOut // what it cannot have it says at once, and ends
}
