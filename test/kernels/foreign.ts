// What of node_modules is compiled, for another processor than this machine's: from npm, in the same versions.
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { execa } from 'execa'
import type { Architecture } from './kinds.ts'

/** Packages that have compiled parts, and the one that has them for a processor. */
const COMPILED: readonly (readonly [string, (cpu: string) => string])[] = [
  ['node', (cpu) => `node-linux-${cpu}`],
  ['koffi', (cpu) => `@koromix/koffi-linux-${cpu}`],
  ['unrs-resolver', (cpu) => `@unrs/resolver-binding-linux-${cpu}-gnu`],
]

/** Where npm may have put them: beside all others, or inside the one that needs them. */
const PLACES = ['.', 'jest-resolve/node_modules']

/** As npm calls processors. */
export const CPU: Readonly<Record<Architecture, NodeJS.Architecture>> = { amd64: 'x64', arm64: 'arm64' }

/** @param modules a node_modules of this machine's processor, to which the parts are added @param folder where packages are kept */
export async function addForeign(modules: string, architecture: Architecture, folder: string): Promise<void> {
  const cpu = CPU[architecture]
  for (const [name, packageFor] of COMPILED) {
    const place = PLACES.map((each) => join(modules, each)).find((each) => existsSync(join(each, name)))
    if (place === undefined) throw new Error(`${modules} has no ${name}`)
    const { version } = JSON.parse(readFileSync(join(place, name, 'package.json'), 'utf8')) as { version: string }
    await addPackage(packageFor(cpu), version, { modules: place, folder })
  }
  copyFileSync(join(modules, `node-linux-${cpu}`, 'bin/node'), join(modules, 'node/bin/node'))
}

async function addPackage(name: string, version: string, { modules, folder }: { readonly modules: string; readonly folder: string }): Promise<void> {
  const kept = join(folder, `${name.replace('/', '-')}-${version}`)
  if (!existsSync(kept)) {
    mkdirSync(kept, { recursive: true })
    await execa('npm', ['pack', '--silent', '--pack-destination', kept, `${name}@${version}`])
  }
  const [archive = ''] = readdirSync(kept)
  const target = join(modules, name)
  mkdirSync(target, { recursive: true })
  await execa('tar', ['--extract', '--file', join(kept, archive), '--directory', target, '--strip-components', '1'])
}
