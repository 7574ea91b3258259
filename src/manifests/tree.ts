// The manifest files below a folder, and being told when something changes there.
import { type FSWatcher, type Stats, readdirSync, statSync, watch } from 'node:fs'
import { join } from 'node:path'

const MANIFEST_NAME = /^[^.].*\.(ya?ml|json)$/i

/** Hidden files are left alone: editors keep copies there, and mounted ConfigMaps their versions. */
export function isManifestName(name: string): boolean {
  return MANIFEST_NAME.test(name)
}

/** 'rename': an entry has come or gone, in one step; 'change': an entry is being written. `file`: below the root; undefined: not known. */
export type TreeListener = (event: 'rename' | 'change', file: string | undefined) => void

/** Watches a folder and the folders in it by inotify. */
export class Tree {
  readonly #root: string
  readonly #listener: TreeListener
  /** By the path below the root, with the inode, since a path may come to mean another folder. */
  readonly #watches = new Map<string, { readonly inode: number; readonly watcher: FSWatcher }>()

  constructor(root: string, listener: TreeListener) {
    this.#root = root
    this.#listener = listener
  }

  /**
   * The manifest files there are, by their paths below the root, with a stamp that changes when the file does. Each folder
   * is watched before it is read, so that nothing falls between.
   * @throws the error of the file system if the root cannot be read
   */
  list(): Map<string, string> {
    const files = new Map<string, string>()
    const seen = new Set<string>()
    this.#listFolder('', files, seen)
    for (const [folder, { watcher }] of this.#watches) {
      if (seen.has(folder)) continue
      watcher.close()
      this.#watches.delete(folder)
    }
    return files
  }

  /** Whether this path is a folder, or was one when it was last looked at. */
  isFolder(path: string): boolean {
    return this.#watches.has(path) || this.#stat(path)?.isDirectory() === true
  }

  close(): void {
    for (const { watcher } of this.#watches.values()) watcher.close()
    this.#watches.clear()
  }

  #listFolder(folder: string, files: Map<string, string>, seen: Set<string>): void {
    this.#watch(folder)
    seen.add(folder)
    for (const entry of readdirSync(join(this.#root, folder), { withFileTypes: true })) {
      const path = join(folder, entry.name)
      if (entry.isDirectory() && !entry.name.startsWith('.')) this.#listInner(path, files, seen)
      const stats = isManifestName(entry.name) ? this.#stat(path) : undefined
      if (stats?.isFile() === true) files.set(path, `${stats.ino}:${stats.size}:${stats.mtimeMs}:${stats.ctimeMs}`)
    }
  }

  /** A folder inside may be gone again, or closed to us; that is no reason to give up the others. */
  #listInner(folder: string, files: Map<string, string>, seen: Set<string>): void {
    try {
      this.#listFolder(folder, files, seen)
    } catch {
      seen.delete(folder)
    }
  }

  /** What a link leads to, if it leads anywhere. */
  #stat(path: string): Stats | undefined {
    try {
      return statSync(join(this.#root, path))
    } catch {
      return undefined
    }
  }

  #watch(folder: string): void {
    const path = join(this.#root, folder)
    const inode = statSync(path).ino
    const existing = this.#watches.get(folder)
    if (existing?.inode === inode) return
    existing?.watcher.close()
    const watcher = watch(path, (event, name) => this.#listener(event, name === null ? undefined : join(folder, name)))
    watcher.on('error', () => this.#listener('rename', undefined))
    this.#watches.set(folder, { inode, watcher })
  }
}
