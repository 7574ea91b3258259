// Helm itself, built from its Go module the first time, on the chart of this repository.
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { parseAllDocuments } from 'yaml'
import { goInstall } from '../e2e/cluster/binaries.ts'
import type { ApiObject } from '../e2e/resource-path.ts'

const HELM = 'helm.sh/helm/v4@v4.3.1'

export const CHART = join(import.meta.dirname, '..', '..', 'charts', 'vethguard')
export const RELEASE = 'vethguard'
export const NAMESPACE = 'kube-system'

export type Values = Readonly<Record<string, unknown>>

/** Where helm is. Building it takes three minutes. */
export async function buildHelm(): Promise<string> {
  return goInstall(HELM, 'cmd/helm')
}

/** @returns what it prints @throws Error with what it says on standard error */
export async function helm(...args: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(await buildHelm(), args, { maxBuffer: 1 << 26 })
  return stdout
}

/** `helm template`. @param values over those of values.yaml @throws Error with what helm says against them */
export async function renderText(values: Values = {}, ...flags: readonly string[]): Promise<string> {
  return helm('template', RELEASE, CHART, '--namespace', NAMESPACE, '--set-json', JSON.stringify(values), ...flags)
}

/** What `helm template` makes, hooks included. */
export async function render(values: Values = {}, ...flags: readonly string[]): Promise<ApiObject[]> {
  return objectsOf(await renderText(values, ...flags))
}

/** Objects of a text of several YAML documents, of which some may be empty. @throws Error where it is not YAML */
export function objectsOf(text: string): ApiObject[] {
  return parseAllDocuments(text).flatMap((document) => {
    if (document.errors.length > 0) throw new Error(document.errors.join('\n'))
    const object = document.toJS() as ApiObject | null
    return object === null ? [] : [object]
  })
}

/** The object of this kind; with a name where there are several. @throws Error when there is none */
export function find(objects: readonly ApiObject[], kind: string, name = RELEASE): ApiObject {
  const found = objects.find((object) => object.kind === kind && object.metadata.name === name)
  if (found === undefined) throw new Error(`there is no ${kind} ${name} among ${objects.map(nameOf).join(', ')}`)
  return found
}

/** `Kind name` */
export function nameOf({ kind, metadata: { name } }: ApiObject): string {
  return `${kind} ${name}`
}

/** Whether helm makes it only at events such as `helm test` and `helm uninstall`. */
export function isHook({ metadata }: ApiObject): boolean {
  const { annotations = {} } = metadata as { annotations?: Readonly<Record<string, string>> }
  return 'helm.sh/hook' in annotations
}

/** A file of the chart. */
export function chartFile(name: string): string {
  return readFileSync(join(CHART, name), 'utf8')
}
