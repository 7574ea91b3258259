// A scrape as values.

/** Value by series, such as `vethguard_ready` or `vethguard_objects{resource="pods"}`. */
export function seriesIn(text: string): Map<string, number> {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return new Map(lines.map((line) => {
    const end = line.lastIndexOf(' ')
    return [line.slice(0, end), Number(line.slice(end + 1))]
  }))
}

/** Series of one name: labels, as they are written, and values. */
export function labelled(text: string, name: string): Record<string, number> {
  const start = `${name}{`
  const found = [...seriesIn(text)].filter(([series]) => series.startsWith(start))
  return Object.fromEntries(found.map(([series, value]) => [series.slice(start.length, -1).replaceAll('"', ''), value]))
}

/** Type by name of metric. */
export function typesIn(text: string): Map<string, string> {
  return new Map(Array.from(text.matchAll(/^# TYPE (\S+) (\S+)$/gm), ([, name, type]) => [name ?? '', type ?? '']))
}
