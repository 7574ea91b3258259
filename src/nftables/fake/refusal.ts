// How the fake kernel refuses a command: with its text, and why.
import { VethguardError } from '../../base/errors.ts'
import { commandText } from '../render.ts'
import type { Command } from '../transaction.ts'

export function refuse(command: Command, why: string): never {
  throw new VethguardError('NETLINK', `${commandText(command)}: ${why}`)
}
