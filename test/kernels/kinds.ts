// The machines there are: which kernel each boots, and what qemu calls such a computer.

export type Architecture = 'amd64' | 'arm64'

export interface Kind {
  /** As users name it. */
  readonly name: string
  readonly architecture: Architecture
  /** Debian's packages that have its kernel; the newest is taken. */
  readonly kernel: RegExp
  /** What the processor may change, and not all that is run elsewhere. */
  readonly isCore?: true
}

/** Debian's kernels for virtual machines: small, and they have what nodes need. */
export const KINDS: readonly Kind[] = [
  { name: '6.1', architecture: 'amd64', kernel: /^linux-image-6\.1\.\S+-cloud-amd64$/ },
  { name: '6.12', architecture: 'amd64', kernel: /^linux-image-6\.12\.\S+-cloud-amd64$/ },
  { name: 'arm64', architecture: 'arm64', kernel: /^linux-image-6\.12\.\S+-cloud-arm64$/, isCore: true },
]

/** Those that run if nothing is said. */
export const BY_DEFAULT = ['6.1', '6.12']

export interface Emulator {
  readonly program: string
  /** Debian's package that has it. */
  readonly package: string
  readonly machine: readonly string[]
  /** Where the kernel finds its console. */
  readonly console: string
}

export const EMULATORS: Readonly<Record<Architecture, Emulator>> = {
  amd64: { program: 'qemu-system-x86_64', package: 'qemu-system-x86', machine: ['-machine', 'q35'], console: 'ttyS0' },
  arm64: { program: 'qemu-system-aarch64', package: 'qemu-system-arm', machine: ['-machine', 'virt'], console: 'ttyAMA0' },
}
