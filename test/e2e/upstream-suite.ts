// The Kubernetes project's own NetworkPolicy suite against a whole cluster, cut into parts that run side by side: a case mostly
// waits for its pods to come and go.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { CaseResult } from './case-result.ts'
import { kubernetes } from './cluster/binaries.ts'
import type { Cluster } from './cluster/cluster.ts'
import { runSuiteProgram } from './suite-program.ts'

export interface SuiteOptions {
  /** Regular expressions over the full name of a case. */
  readonly focus: string
  readonly skip: string | undefined
  /** How many cases run at a time. */
  readonly parallel: number
  readonly timeoutMs: number
  /** For logs and reports. */
  readonly folder: string
}

/** What ginkgo's JSON report has of a case. */
interface SpecReport {
  readonly ContainerHierarchyTexts: readonly string[] | null
  readonly LeafNodeText: string
  readonly LeafNodeType: string
  readonly State: 'passed' | 'skipped' | 'failed' | 'timedout' | 'panicked' | 'interrupted'
  /** Nanoseconds. */
  readonly RunTime: number
  readonly Failure?: { readonly Message: string }
}

/** @returns what each case came to; those that the time did not suffice for have failed */
export async function runUpstreamSuite(cluster: Cluster, { focus, skip, parallel, timeoutMs, folder }: SuiteOptions): Promise<CaseResult[]> {
  const suite = new Suite(cluster, folder, (await kubernetes(['netpol.test']))('netpol.test'))
  const choice = [`--ginkgo.focus=${focus}`, ...skip === undefined ? [] : [`--ginkgo.skip=${skip}`]]
  const names = (await suite.run('plan', [...choice, '--ginkgo.dry-run'])).map(nameOf)
  const parts = Array.from({ length: Math.min(parallel, names.length) }, (_, part) => names.filter((_, index) => index % parallel === part))
  const reports = await Promise.all(parts.map((part, index) => suite.run(`part${index}`, [
    `--ginkgo.focus=(${part.map(literally).join('|')})$`, `--ginkgo.timeout=${timeoutMs}ms`,
  ])))
  return reports.flat().map(resultOf)
}

class Suite {
  private readonly cluster: Cluster
  private readonly folder: string
  private readonly program: string

  constructor(cluster: Cluster, folder: string, program: string) {
    this.cluster = cluster
    this.folder = folder
    this.program = program
  }

  /** Runs the program once. @returns the cases that it did not skip */
  async run(name: string, flags: readonly string[]): Promise<SpecReport[]> {
    const report = join(this.folder, `${name}.json`)
    await runSuiteProgram(this.cluster, [
      this.program, `--kubeconfig=${this.cluster.kubeconfig}`, '--provider=local', `--ginkgo.json-report=${report}`, '--ginkgo.no-color',
      ...flags,
    ], join(this.folder, `${name}.log`))
    const [{ SpecReports }] = JSON.parse(readFileSync(report, 'utf8')) as [{ SpecReports: SpecReport[] }]
    return SpecReports.filter(({ LeafNodeType, State }) => LeafNodeType === 'It' && State !== 'skipped')
  }
}

/** A regular expression that matches this text. */
function literally(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&')
}

function nameOf({ ContainerHierarchyTexts, LeafNodeText }: SpecReport): string {
  return [...ContainerHierarchyTexts ?? [], LeafNodeText].join(' ')
}

function resultOf(report: SpecReport): CaseResult {
  return {
    name: nameOf(report),
    passed: report.State === 'passed',
    seconds: report.RunTime / 1e9,
    failure: report.State === 'passed' ? '' : report.Failure?.Message ?? report.State,
  }
}
