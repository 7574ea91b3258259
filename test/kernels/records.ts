// What a machine says on its console: one JSON object a line, by guest/start.sh and guest/reporter.cjs.
import { z } from 'zod'

const MARK = '@vethguard '

const schema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('kernel'), release: z.string(), version: z.string(), machine: z.string() }),
  z.object({ kind: z.literal('start'), file: z.string() }),
  z.object({ kind: z.literal('test'), file: z.string(), name: z.string(), status: z.string(), ms: z.number(), said: z.string() }),
  z.object({
    kind: z.literal('file'), file: z.string(), passed: z.number(), failed: z.number(), skipped: z.number(), ms: z.number(), said: z.string(),
  }),
  z.object({ kind: z.literal('end'), code: z.number() }),
])

export type Record = z.infer<typeof schema>

/** @returns undefined if the line is anything else, or broken: the console is also the kernel's */
export function recordIn(line: string): Record | undefined {
  const at = line.indexOf(MARK)
  if (at === -1) return undefined
  try {
    return schema.safeParse(JSON.parse(line.slice(at + MARK.length).trim())).data
  } catch {
    return undefined
  }
}
