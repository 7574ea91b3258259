// `vethguard render`: what the agent would install at its start, but for what only the node knows (the guard of its veths and tunnels).
import process from 'node:process'
import { Compiler } from '../compiler/compiler.ts'
import type { Change } from '../source.ts'
import type { Config } from '../config/options.ts'
import { VethguardError } from '../base/errors.ts'
import { FolderSource } from '../manifests/folder.ts'
import { render } from '../nftables/render.ts'
import { replace, ZERO } from '../nftables/transaction.ts'
import { renderJson } from './render-json.ts'

export async function runRender({ nodeName, source, output }: Config<'nodeName' | 'source' | 'output'>): Promise<void> {
  if (source === undefined) throw new VethguardError('CONFIG_INVALID', '--source <dir> (VETHGUARD_SOURCE) is needed')
  const folder = new FolderSource(source)
  const changes: Change[] = []
  await folder.start({
    changes: (batch) => {
      for (const change of batch) changes.push(change)
    },
    problems: (_, problems) => {
      for (const { object, field, message } of problems) process.stderr.write(`${object}: ${field}${field === '' ? '' : ' '}${message}\n`)
    },
  })
  await folder.close()
  const compiler = new Compiler(nodeName)
  compiler.apply(changes)
  process.stdout.write(output === 'json' ? renderJson(compiler) : renderText(compiler))
}

function renderText(compiler: Compiler): string {
  const { content } = compiler
  const counters = new Map(Array.from(content.counters, (name) => [name, { ...ZERO, comment: compiler.counters.commentOf(name) }]))
  return render(replace(content, counters))
}
