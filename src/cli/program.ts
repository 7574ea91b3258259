// The command line as a table of contents: each command with its settings, its help, and the file that runs it.
import { Command, Option } from 'commander'
import { AGENT_OPTION_NAMES, type Config, type OptionName, OPTIONS, type OptionSpec } from '../config/options.ts'
import { readConfig } from '../config/read.ts'
import { runAgent } from './agent.ts'
import { runCleanup } from './cleanup.ts'
import { runRender } from './render.ts'
import { version } from './version.ts'

const EXIT_CODES = `
Exit codes: 0 done, 1 failed, 2 called wrongly. Every setting is also read from the environment variable shown with it.
Example: vethguard agent --source ./manifests --node-name node-1`

export function programOf(): Command {
  const program = new Command('vethguard')
    .description('Enforces Kubernetes NetworkPolicies on the veths of this node\'s pods, with nftables and connection tracking.')
    .version(version(), '-V, --version')
    .addHelpText('after', EXIT_CODES)
    .exitOverride()
  add(program, 'agent', AGENT_OPTION_NAMES, runAgent)
    .description('enforce, and follow every change; SIGTERM stops it, and the rules stay in the kernel')
  add(program, 'render', ['nodeName', 'source', 'output'], runRender)
    .description('print what would be installed for a folder of manifests, as nft text or JSON; the kernel is not touched')
  add(program, 'cleanup', ['backend'], runCleanup)
    .description('remove everything that an agent installed on this node; nothing is enforced from then on')
  return program
}

function add<N extends OptionName>(program: Command, name: string, options: readonly N[], run: (config: Config<N>) => Promise<void>): Command {
  const command = program.command(name).exitOverride()
  for (const each of options) {
    command.addOption(optionOf(OPTIONS[each]))
  }
  return command.action((given: Record<string, unknown>) => run(readConfig(options, withoutEmpty(command, given))))
}

/** An empty environment variable is as good as none, as elsewhere (KUBECONFIG). */
function withoutEmpty(command: Command, given: Record<string, unknown>): Record<string, unknown> {
  const isEmpty = (name: string): boolean => given[name] === '' && command.getOptionValueSource(name) === 'env'
  return Object.fromEntries(Object.entries(given).map(([name, value]) => [name, isEmpty(name) ? defaultOf(name as OptionName) : value]))
}

function defaultOf(name: OptionName): string | undefined {
  const spec: OptionSpec<unknown> = OPTIONS[name]
  return spec.default
}

function optionOf({ flag, env, description, default: byDefault, bare }: OptionSpec<unknown>): Option {
  const option = new Option(flag, description).env(env)
  if (byDefault !== undefined) option.default(byDefault)
  if (bare !== undefined) option.preset(bare)
  return option
}
