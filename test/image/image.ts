// The image, built from the Dockerfile as users build it (with buildah, which needs no registry), and unpacked.
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { runTool } from '../e2e/cluster/binaries.ts'

const REPOSITORY = join(import.meta.dirname, '..', '..')
export const IMAGE_NAME = 'localhost/vethguard:test'
/** Of the base images, Debian's packages and npm's; a build that finds them takes half a minute. */
export const IMAGE_TIMEOUT_MS = 15 * 60_000

/** What a container gets from the image: config of an OCI image, with the names of `docker save`. */
export interface ImageConfig {
  readonly Entrypoint: readonly string[]
  readonly Cmd: readonly string[]
  readonly Env: readonly string[]
  readonly User: string
  readonly Labels: Readonly<Record<string, string>>
}

export interface Image {
  /** Folder with all its files. */
  readonly root: string
  readonly config: ImageConfig
  /** As `docker save` writes it. */
  readonly archive: string
  /** Of all layers: unpacked, and compressed as registries keep them. */
  readonly bytes: { readonly unpacked: number; readonly compressed: number }
  readonly close: () => void
}

export async function buildImage(): Promise<Image> {
  const folder = mkdtempSync(join(tmpdir(), 'vethguard-image-'))
  const close = (): void => rmSync(folder, { recursive: true, force: true })
  try {
    const archive = join(folder, 'image.tar')
    await runTool('packages.sh', 'nodes') // runc
    await runTool('base-images.sh')
    await runTool('build-image.sh', IMAGE_NAME, REPOSITORY, archive, '--build-arg', 'NODE_VERSION=24')
    return { ...unpack(archive, folder), archive, close }
  } catch (error) {
    close()
    throw error
  }
}

function unpack(archive: string, folder: string): Pick<Image, 'root' | 'config' | 'bytes'> {
  const [parts, root] = ['parts', 'root'].map((name) => join(folder, name)) as [string, string]
  for (const path of [parts, root]) mkdirSync(path)
  execFileSync('tar', ['--extract', '--file', archive, '--directory', parts])
  const [{ Config, Layers }] = readJson(join(parts, 'manifest.json')) as [{ Config: string; Layers: string[] }]
  const bytes = { unpacked: 0, compressed: 0 }
  for (const layer of Layers) {
    const tar = readFileSync(join(parts, layer))
    bytes.unpacked += tar.length
    bytes.compressed += gzipSync(tar).length
    execFileSync('tar', ['--extract', '--file', join(parts, layer), '--directory', root])
  }
  const { config } = readJson(join(parts, Config)) as { config: ImageConfig }
  rmSync(parts, { recursive: true })
  return { root, config, bytes }
}

function readJson(file: string): unknown {
  return JSON.parse(readFileSync(file, 'utf8'))
}

/** Paths of all files and links in a folder, relative to it. */
export function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map(({ parentPath, name }) => join(parentPath, name).slice(folder.length + 1))
}
