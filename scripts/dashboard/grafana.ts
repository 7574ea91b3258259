// Grafana's JSON of a dashboard, from rows of panels that flow from left to right.
import type { Panel, Query, Row } from './panels.ts'

const COLUMNS = 24
const HEIGHTS = { stat: 4, lines: 8, table: 8 } as const
const TYPES = { stat: 'stat', lines: 'timeseries', table: 'table' } as const
/** Stays the same, so that a new version replaces the old one. */
const UID = 'vethguard'
/** What Grafana 10 and later write. */
const SCHEMA_VERSION = 39

const DATASOURCE = { type: 'prometheus', uid: '${datasource}' }

interface Place {
  readonly x: number
  readonly y: number
  readonly w: number
  readonly h: number
}

/** The dashboard as Grafana imports it. */
export function dashboardOf(title: string, rows: readonly Row[]): Record<string, unknown> {
  return {
    uid: UID,
    title,
    tags: ['vethguard', 'networkpolicy'],
    editable: true,
    graphTooltip: 1,
    schemaVersion: SCHEMA_VERSION,
    time: { from: 'now-6h', to: 'now' },
    refresh: '1m',
    templating: { list: variables() },
    panels: panelsOf(rows),
  }
}

/** A row's title takes a whole line, and panels the lines below. */
function panelsOf(rows: readonly Row[]): Record<string, unknown>[] {
  let y = 0
  let x = 0
  let height = 0
  const place = (w: number, h: number): Place => {
    if (x + w > COLUMNS) {
      y += height
      x = height = 0
    }
    const at = { x, y, w, h }
    x += w
    height = Math.max(height, h)
    return at
  }
  const panels = rows.flatMap(({ title, panels }) => [
    { type: 'row', title, collapsed: false, panels: [], gridPos: place(COLUMNS, 1) },
    ...panels.map((panel) => ({ ...panelOf(panel), gridPos: place(panel.width, HEIGHTS[panel.kind]) })),
  ])
  return panels.map((panel, index) => ({ id: index + 1, ...panel }))
}

function panelOf(panel: Panel): Record<string, unknown> {
  const { title, description, kind, unit = 'short' } = panel
  return {
    type: TYPES[kind],
    title,
    description,
    datasource: DATASOURCE,
    targets: panel.queries.map((query, index) => targetOf(query, kind, index)),
    fieldConfig: { defaults: { unit, min: 0, ...colours(panel) }, overrides: [] },
    ...(kind === 'table' ? { transformations: [{ id: 'organize', options: { excludeByName: { Time: true } } }] } : {}),
    ...(kind === 'stat' ? { options: { reduceOptions: { calcs: ['lastNotNull'] }, colorMode: 'value', graphMode: 'area' } } : {}),
  }
}

function targetOf({ expr, legend }: Query, kind: Panel['kind'], index: number): Record<string, unknown> {
  return {
    refId: String.fromCharCode('A'.charCodeAt(0) + index),
    datasource: DATASOURCE,
    expr,
    ...(legend === undefined ? {} : { legendFormat: legend }),
    ...(kind === 'table' ? { instant: true, range: false, format: 'table' } : {}),
  }
}

/** Of a stat, from a number on. Grafana wants the first step without one. */
function colours({ badFrom, badBelow }: Panel): Record<string, unknown> {
  if (badFrom !== undefined) return { thresholds: { mode: 'absolute', steps: [{ color: 'green', value: null }, { color: 'red', value: badFrom }] } }
  if (badBelow !== undefined) return { thresholds: { mode: 'absolute', steps: [{ color: 'red', value: null }, { color: 'green', value: badBelow }] } }
  return {}
}

function variables(): Record<string, unknown>[] {
  return [
    { name: 'datasource', label: 'Data source', type: 'datasource', query: 'prometheus', current: {}, hide: 0 },
    labelVariable('node', 'Node', 'label_values(vethguard_ready, node)'),
    labelVariable('namespace', 'Namespace', 'label_values(vethguard_policy_hits_total, policy_namespace)'),
  ]
}

function labelVariable(name: string, label: string, query: string): Record<string, unknown> {
  return {
    name, label, query, type: 'query', datasource: DATASOURCE, definition: query, refresh: 2, sort: 1,
    multi: true, includeAll: true, allValue: '.*', current: { text: 'All', value: '$__all' }, hide: 0,
  }
}
