// Queries of the dashboard as Grafana sends them: variables have values.
import { ROWS } from '../../scripts/dashboard/panels.ts'

export type Variables = Readonly<Record<'$node' | '$namespace' | '$__rate_interval' | '$__range', string>>

export interface PanelQuery {
  readonly title: string
  readonly expr: string
}

export function panelQueries(variables: Variables): PanelQuery[] {
  const fillIn = (expr: string): string => Object.entries(variables).reduce((text, [name, value]) => text.replaceAll(name, value), expr)
  return ROWS.flatMap(({ panels }) => panels.flatMap(({ title, queries }) => queries.map(({ expr }) => ({ title, expr: fillIn(expr) }))))
}
