// The text of one manifest file -> its documents. Knows YAML and JSON, and nothing of Kubernetes.
import { type Document, type YAMLError, parseAllDocuments } from 'yaml'

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

function parseYaml(content: string): ParsedManifest {
  try {
    const documents = parseAllDocuments(content, { merge: true, logLevel: 'error' })
    return 'empty' in documents ? { documents: [], errors: [] } : collect(documents.map((document) => () => valueOf(document)))
  } catch (error) {
    return { documents: [], errors: [reasonOf(error)] } // nested so deep that the parser's stack ends
  }
}

function valueOf(document: Document): unknown {
  const [error] = document.errors
  if (error !== undefined) throw error
  return document.toJS({ maxAliasCount: MAX_ALIASES }) as unknown
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
      errors.push(`document ${index + 1}: ${reasonOf(error)}`)
    }
  }
  return { documents, errors }
}

/** The first line of the parser's message, which has line and column; the picture below it is not for logs. */
function reasonOf(error: unknown): string {
  const { message } = error as YAMLError | Error
  return message.split('\n', 1)[0]?.replace(/:$/, '') ?? ''
}

function isDeeper(value: unknown, limit: number): boolean {
  if (typeof value !== 'object' || value === null) return false
  return limit === 0 || Object.values(value).some((inner) => isDeeper(inner, limit - 1))
}
