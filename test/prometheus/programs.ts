// Prometheus and promtool, and the Prometheus operator's definitions, from their Go modules. Building takes four minutes.
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { parse } from 'yaml'
import { goInstall, goModule } from '../e2e/cluster/binaries.ts'
import type { ApiObject } from '../e2e/resource-path.ts'

const PROMETHEUS = 'github.com/prometheus/prometheus@v0.315.0'
/** Of all that it can discover targets by, only Kubernetes. */
const TAGS = 'remove_all_sd,enable_kubernetes_sd'
const OPERATOR = 'github.com/prometheus-operator/prometheus-operator@v0.85.0'
const DEFINITIONS = 'example/prometheus-operator-crd'

export async function buildPrometheus(): Promise<string> {
  return goInstall(PROMETHEUS, 'cmd/prometheus', TAGS)
}

export async function buildPromtool(): Promise<string> {
  return goInstall(PROMETHEUS, 'cmd/promtool', TAGS)
}

/** @returns what it prints @throws Error with what it has against its input */
export async function promtool(...args: readonly string[]): Promise<string> {
  const program = await buildPromtool()
  const { stdout } = await promisify(execFile)(program, args).catch((error: unknown) => {
    const { stdout, stderr } = error as { stdout: string; stderr: string }
    throw new Error(`promtool ${args.join(' ')}:\n${stdout}${stderr}`)
  })
  return stdout
}

/** CustomResourceDefinitions of the kinds that the chart makes. */
export async function operatorDefinitions(): Promise<ApiObject[]> {
  const folder = await goModule(OPERATOR)
  return ['podmonitors', 'prometheusrules'].map((name) => {
    return parse(readFileSync(join(folder, DEFINITIONS, `monitoring.coreos.com_${name}.yaml`), 'utf8')) as ApiObject
  })
}
