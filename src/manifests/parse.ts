// The text of one manifest file -> its documents. Knows YAML and JSON, and nothing of Kubernetes.
import { type Document, LineCounter, type Scalar, isScalar, parseAllDocuments, visit } from 'yaml'

/** How often anchors may be repeated, nested repetition multiplied: ends the "billion laughs". */
const MAX_ALIASES = 1000
/** How deep a document may nest; API objects need about 12. Also ends documents that contain themselves. */
const MAX_DEPTH = 64

export interface ParsedDocument {
  /** Counted from 1, as the documents of the file. */
  readonly number: number
  readonly value: unknown
}

export interface ParsedManifest {
  /** Those that could be read and are not empty. */
  readonly documents: readonly ParsedDocument[]
  /** Why others could not be read, with line and column where known. Empty: everything was read. */
  readonly errors: readonly string[]
}

/** Reads a file by its name: `.json` is one JSON document, everything else YAML with any number of documents. */
export function parseManifest(file: string, content: string): ParsedManifest {
  return file.endsWith('.json') && content.trim() !== '' ? parseJson(content) : parseYaml(content)
}

function parseJson(content: string): ParsedManifest {
  return collect([() => JSON.parse(content.replace(/^\uFEFF/, '')) as unknown])
}

/** Without the parser's own search for repeated keys and its pictures of errors: both take a time that grows with the square. */
function parseYaml(content: string): ParsedManifest {
  const lines = new LineCounter()
  try {
    const options = { merge: true, logLevel: 'error', uniqueKeys: false, prettyErrors: false, lineCounter: lines } as const
    const documents = parseAllDocuments(content, options)
    return 'empty' in documents ? { documents: [], errors: [] } : collect(documents.map((document) => () => valueOf(document, lines)))
  } catch (error) {
    return { documents: [], errors: [firstLineOf(error)] } // nested so deep that the parser's stack ends
  }
}

/** @throws Error with line and column */
function valueOf(document: Document, lines: LineCounter): unknown {
  const error = document.errors[0] ?? repeatedKey(document)
  if (error === undefined) return document.toJS({ maxAliasCount: MAX_ALIASES }) as unknown
  const { line, col } = lines.linePos(error.pos[0])
  throw new Error(`${error.message} at line ${line}, column ${col}`)
}

/** Of two values for one key nobody knows which is meant (YAML 1.2, 3.2.1.3). */
function repeatedKey(document: Document): { readonly message: string; readonly pos: readonly [number] } | undefined {
  let repeated: Scalar | undefined
  visit(document, {
    Map: (_, { items }) => {
      repeated = firstRepeated(items.map(({ key }) => key).filter(isScalar))
      return repeated === undefined ? undefined : visit.BREAK
    },
  })
  return repeated && { message: 'Map keys must be unique', pos: [repeated.range?.[0] ?? 0] }
}

function firstRepeated(keys: readonly Scalar[]): Scalar | undefined {
  const seen = new Set<unknown>()
  for (const key of keys) {
    if (seen.has(key.value)) return key
    seen.add(key.value)
  }
  return undefined
}

function collect(readers: readonly (() => unknown)[]): ParsedManifest {
  const documents: ParsedDocument[] = []
  const errors: string[] = []
  for (const [index, read] of readers.entries()) {
    try {
      const value = read()
      if (isDeeper(value, MAX_DEPTH)) errors.push(`document ${index + 1}: nested more than ${MAX_DEPTH} deep`)
      else if (value !== null && value !== undefined) documents.push({ number: index + 1, value })
    } catch (error) {
      errors.push(`document ${index + 1}: ${firstLineOf(error)}`)
    }
  }
  return { documents, errors }
}

/** The first line of the message: what follows is not for logs. */
function firstLineOf(error: unknown): string {
  return (error as Error).message.split('\n', 1)[0] ?? ''
}

function isDeeper(value: unknown, limit: number): boolean {
  if (typeof value !== 'object' || value === null) return false
  return limit === 0 || Object.values(value).some((inner) => isDeeper(inner, limit - 1))
}
