// The source that is a folder of manifests: everything in it at first, then every edit. An atomic rename is delivered at once;
// what may be an edit under way (a file being written, emptied, removed or not parseable) gets a moment to become whole.
import { existsSync, readFileSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { Source, SourceSink } from '../source.ts'
import { VethguardError } from '../base/errors.ts'
import { type Manifest, readManifest, unreadableManifest } from './manifest.ts'
import { Tree, isManifestName } from './tree.ts'
import { ManifestUnion } from './union.ts'

/** How long edits may take, in ms. */
export interface FolderTiming {
  /** A file written in place is read when nothing has been written for so long. */
  readonly settleMs: number
  /** A file that is gone, empty or not parseable is believed when it is still so after this time. */
  readonly confirmMs: number
  /** A folder that is gone is looked for again after this time. */
  readonly retryMs: number
}

const TIMING: FolderTiming = { settleMs: 20, confirmMs: 50, retryMs: 500 }
/** Larger files would hold the event loop for seconds: YAML is read at about 1.5 MB a second, JSON at 100. */
const MAX_BYTES = { yaml: 8 * 1024 * 1024, json: 256 * 1024 * 1024 }

/** Reads *.yaml, *.yml and *.json below `root`; hidden files and folders, and linked folders, are left alone. */
export class FolderSource implements Source {
  readonly #root: string
  readonly #timing: FolderTiming
  readonly #tree: Tree
  readonly #union = new ManifestUnion()
  /** Of the content that was read last. */
  readonly #stamps = new Map<string, string>()
  /** The last content of each file that could be parsed. */
  readonly #good = new Map<string, Manifest>()
  readonly #timers = new Map<string, NodeJS.Timeout>()
  #sink: SourceSink | undefined
  #retry: NodeJS.Timeout | undefined
  #isUnreadable = false

  constructor(root: string, timing: Partial<FolderTiming> = {}) {
    this.#root = root
    this.#timing = { ...TIMING, ...timing }
    this.#tree = new Tree(root, (event, file) => this.#onEvent(event, file))
  }

  /** @throws VethguardError SOURCE_UNREADABLE if the folder is not there or cannot be read or watched */
  start(sink: SourceSink): Promise<void> {
    this.#sink = sink
    return new Promise((resolve) => {
      for (const [file, stamp] of this.#listAtStart()) {
        this.#stamps.set(file, stamp)
        this.#read(file, true)
      }
      this.#deliver(true)
      resolve()
    })
  }

  close(): Promise<void> {
    this.#sink = undefined
    this.#tree.close()
    clearTimeout(this.#retry)
    for (const timer of this.#timers.values()) clearTimeout(timer)
    this.#timers.clear()
    return Promise.resolve()
  }

  #listAtStart(): Map<string, string> {
    try {
      return this.#tree.list()
    } catch (cause) {
      const hint = 'give a folder that exists and that this user may read; if it does, raise fs.inotify.max_user_watches'
      const message = `cannot read the manifests in ${this.#root}: ${messageOf(cause)}; ${hint}`
      throw new VethguardError('SOURCE_UNREADABLE', message, { cause })
    }
  }

  #onEvent(event: 'rename' | 'change', file: string | undefined): void {
    if (file !== undefined && isManifestName(basename(file)) && !this.#tree.isFolder(file)) {
      if (event === 'change') this.#readLater(file, this.#timing.settleMs, false)
      else this.#readNow(file, false)
    } else if (event === 'rename') this.#rescan()
  }

  /** Something other than a manifest has come or gone: a folder, or the link by which a ConfigMap's content is swapped. */
  #rescan(): void {
    const files = this.#list()
    if (files === undefined) return
    for (const file of this.#union.files()) if (!files.has(file)) this.#readLater(file, this.#timing.confirmMs, true)
    for (const [file, stamp] of files) {
      if (this.#stamps.get(file) === stamp) continue
      this.#stamps.set(file, stamp)
      this.#read(file, false)
    }
    this.#deliver()
  }

  /** While the folder cannot be read, what it had stays in force, and it is tried again. */
  #list(): Map<string, string> | undefined {
    clearTimeout(this.#retry)
    try {
      const files = this.#tree.list()
      this.#sayUnreadable([])
      return files
    } catch (error) {
      this.#sayUnreadable([`cannot be read any more (${messageOf(error)}): its last content stays in force`])
      this.#retry = setTimeout(() => this.#rescan(), this.#timing.retryMs)
      return undefined
    }
  }

  #sayUnreadable(messages: readonly string[]): void {
    if (this.#isUnreadable === messages.length > 0) return
    this.#isUnreadable = messages.length > 0
    this.#sink?.problems(this.#root, messages.map((message) => ({ object: this.#root, field: '', message })))
  }

  #readNow(file: string, isFinal: boolean): void {
    this.#read(file, isFinal)
    this.#deliver()
  }

  #readLater(file: string, delayMs: number, isFinal: boolean): void {
    clearTimeout(this.#timers.get(file))
    this.#timers.set(file, setTimeout(() => this.#readNow(file, isFinal), delayMs))
  }

  /** Takes a file's content over, or if that looks like an edit under way, looks again later; `isFinal`: there is no later. */
  #read(file: string, isFinal: boolean): void {
    clearTimeout(this.#timers.get(file))
    this.#timers.delete(file)
    const now = this.#manifestOf(file)
    const isWhole = now !== undefined && now.errors.length === 0 && now.objects.size + now.problems.length > 0
    if (!isWhole && !isFinal) {
      this.#readLater(file, this.#timing.confirmMs, true)
      return
    }
    if (now === undefined && !existsSync(this.#root)) return // the whole folder is gone, and its last content stays in force
    if (now === undefined) this.#forget(file)
    else if (now.errors.length === 0) this.#good.set(file, now)
    this.#union.put(file, settled(this.#good.get(file), now))
  }

  #forget(file: string): void {
    this.#stamps.delete(file)
    this.#good.delete(file)
  }

  /** The file as it is; undefined: it is not there. */
  #manifestOf(file: string): Manifest | undefined {
    const path = join(this.#root, file)
    try {
      const stats = statSync(path)
      if (!stats.isFile()) return undefined // reading a pipe or a device might never end
      const limit = file.endsWith('.json') ? MAX_BYTES.json : MAX_BYTES.yaml
      if (stats.size > limit) return unreadableManifest(`${stats.size} bytes are more than ${limit}; split the file, or write it as JSON`)
      return readManifest(file, readFileSync(path, 'utf8'))
    } catch (error) {
      return (error as NodeJS.ErrnoException).code === 'ENOENT' ? undefined : unreadableManifest(messageOf(error))
    }
  }

  #deliver(evenIfNothing = false): void {
    const { changes, problems } = this.#union.update()
    if (changes.length > 0 || evenIfNothing) this.#sink?.changes(changes)
    for (const [object, list] of problems) this.#sink?.problems(object, list)
  }
}

/** A file that cannot be parsed keeps its last good content; if it never had any, what could be read of it counts. */
function settled(good: Manifest | undefined, now: Manifest | undefined): Manifest | undefined {
  if (now === undefined || now.errors.length === 0) return now
  if (good === undefined) return { ...now, errors: now.errors.map((error) => `${error}: this part is ignored`) }
  return { ...good, errors: now.errors.map((error) => `${error}: the file's last good content stays in force`) }
}

function messageOf(error: unknown): string {
  return (error as Error).message
}
