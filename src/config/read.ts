// Settings from what the command line and the environment say; all of what is wrong is told at once.
import { VethguardError } from '../base/errors.ts'
import { type Config, type OptionName, OPTIONS } from './options.ts'

/**
 * @param given strings by option name, as commander has them from flags, environment and defaults
 * @throws VethguardError CONFIG_INVALID naming every setting that is wrong
 */
export function readConfig<N extends OptionName>(names: readonly N[], given: Readonly<Record<string, unknown>>): Config<N> {
  const results = names.map((name) => ({ name, result: OPTIONS[name].schema.safeParse(given[name]) }))
  const wrong = results.flatMap(({ name, result }) => {
    const { flag, env } = OPTIONS[name]
    return result.success ? [] : result.error.issues.map(({ message }) => `${flag} (${env}) ${message}${shown(given[name])}`)
  })
  if (wrong.length > 0) throw new VethguardError('CONFIG_INVALID', wrong.join('; '))
  return Object.fromEntries(results.map(({ name, result }) => [name, result.data])) as Config<N>
}

function shown(value: unknown): string {
  return typeof value === 'string' ? `, not "${value}"` : ''
}
