// A registry as text, in the format that is asked for. The library's own writer renames a registry's counters for good when it writes
// OpenMetrics, and holds the event loop until the last of maybe 20,000 lines is written: changes would wait for it.
import { Registry } from 'prom-client'
import { Turn } from '../base/steps.ts'

export type Format = 'text' | 'openmetrics'

export interface Exposition {
  readonly contentType: string
  readonly body: string
}

type Snapshot = Awaited<ReturnType<Registry['getMetricsAsJSON']>>
type Family = Snapshot[number]
/** Histograms have series of other names: `..._bucket`. */
type Series = Family['values'][number] & { readonly metricName?: string }

const CONTENT_TYPES = { text: Registry.PROMETHEUS_CONTENT_TYPE, openmetrics: Registry.OPENMETRICS_CONTENT_TYPE } as const
/** Changes wait no longer than this for a scrape. */
const TURN_MS = 1

/** What all metrics are at one moment; each format is written once, however many ask for it. */
export class Readings {
  readonly #snapshot: Snapshot
  readonly #texts = new Map<Format, Promise<string>>()

  private constructor(snapshot: Snapshot) {
    this.#snapshot = snapshot
  }

  static async of(registry: Registry): Promise<Readings> {
    return new Readings(await registry.getMetricsAsJSON())
  }

  async as(format: Format): Promise<Exposition> {
    const text = this.#texts.get(format) ?? write(this.#snapshot, format)
    this.#texts.set(format, text)
    return { contentType: CONTENT_TYPES[format], body: await text }
  }
}

async function write(snapshot: Snapshot, format: Format): Promise<string> {
  const lines: string[] = []
  const turn = new Turn({ turnMs: TURN_MS })
  for (const line of linesOf(snapshot, format)) {
    lines.push(line)
    const pause = turn.pause()
    if (pause !== undefined) await pause
  }
  return lines.join('\n')
}

/** Help texts are written as they are: they are this program's own. */
function* linesOf(snapshot: Snapshot, format: Format): Iterable<string> {
  for (const family of snapshot) {
    const { help, type } = family
    const name = format === 'openmetrics' ? familyName(family) : family.name
    yield `# HELP ${name} ${help}`
    yield `# TYPE ${name} ${String(type)}`
    for (const { metricName = family.name, labels, value } of family.values as readonly Series[]) yield `${metricName}${labelsText(labels)} ${value}`
  }
  if (format === 'openmetrics') yield '# EOF'
  yield ''
}

/** OpenMetrics calls a counter `x`, and its only series `x_total`. */
function familyName({ name, type }: Family): string {
  return String(type) === 'counter' ? name.replace(/_total$/, '') : name
}

function labelsText(labels: Series['labels']): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escape(String(value))}"`)
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`
}

function escape(text: string): string {
  return /[\\\n"]/.test(text) ? text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('"', '\\"') : text
}
