// `npm run deploy:generate`: writes the files that are made of others.
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { dashboardFile, deployFiles } from './generated-files.ts'

write(dashboardFile())
for (const file of await deployFiles()) write(file)

function write([path, content]: [string, string]): void {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, content)
  console.log(path)
}
