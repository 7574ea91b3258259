// The kinds of metrics, in one registry and with one prefix. Metrics with a `read` are rebuilt at each scrape: a series that it no longer gives is gone.
import { Counter, Gauge, Histogram, type Registry } from 'prom-client'

export const PREFIX = 'vethguard_'

export interface Spec<L extends string> {
  /** Without the prefix. */
  readonly name: string
  /** What it counts or measures, and in which unit. */
  readonly help: string
  readonly labels?: readonly L[]
}

export type Labels<L extends string> = Readonly<Record<L, string>>
/** One series and its value. */
export type Sample<L extends string> = readonly [labels: Labels<L>, value: number]

export function counter<L extends string = never>(registry: Registry, spec: Spec<L>): Counter<L> {
  return new Counter(configOf(registry, spec))
}

export function histogram<L extends string = never>(registry: Registry, spec: Spec<L>, buckets: readonly number[]): Histogram<L> {
  return new Histogram({ ...configOf(registry, spec), buckets: [...buckets] })
}

/** @param read gives all current series */
export function gaugeOf<L extends string>(registry: Registry, spec: Spec<L>, read: () => Iterable<Sample<L>>): void {
  const gauge: Gauge<L> = new Gauge({
    ...configOf(registry, spec),
    collect: () => {
      gauge.reset()
      for (const [labels, value] of read()) gauge.set(labels, value)
    },
  })
}

/** Without labels. */
export function valueOf(registry: Registry, spec: Spec<never>, read: () => number): void {
  gaugeOf(registry, spec, () => [[{}, read()]])
}

/** @param read gives all current series, with values that never decrease */
export function counterOf<L extends string>(registry: Registry, spec: Spec<L>, read: () => Iterable<Sample<L>>): void {
  const total: Counter<L> = new Counter({
    ...configOf(registry, spec),
    collect: () => {
      total.reset()
      total.remove({}) // the library gives one without labels the value 0, which would look like a restart
      for (const [labels, value] of read()) total.inc(labels, value)
    },
  })
}

function configOf<L extends string>(registry: Registry, { name, help, labels = [] }: Spec<L>) {
  return { name: PREFIX + name, help, labelNames: labels, registers: [registry] }
}
