// A network namespace with nothing in it, and what nft says about it.
import { Reader } from '../../../src/netlink/nf-tables/reader.ts'
import type { Content } from '../../../src/nftables/content.ts'
import { createNamespaces, deleteNamespaces, exec, namespacePrefix, onProcessEnd } from '../../../lab/namespace.ts'

export interface Kernel {
  readonly name: string
  /** Path, as back ends want it. */
  readonly path: string
  /** `nft list ruleset`, without the lines that only an owned table has. */
  list(...options: string[]): string
  nft(input: string, ...options: string[]): string
  /** What the agent's tables have; undefined: there are none. */
  content(): Promise<Content | undefined>
  close(): void
}

export function emptyKernel(): Kernel {
  const name = namespacePrefix()
  createNamespaces([name])
  const remove = (): void => deleteNamespaces([name])
  const cancel = onProcessEnd(remove)
  return {
    name,
    path: `/run/netns/${name}`,
    list: (...options) => withoutOwner(exec(name, ['nft', ...options, 'list', 'ruleset'])),
    nft: (input, ...options) => exec(name, ['nft', ...options, '-f', '-'], input),
    content: () => contentIn(`/run/netns/${name}`),
    close: () => {
      cancel()
      remove()
    },
  }
}

async function contentIn(namespace: string): Promise<Content | undefined> {
  const reader = new Reader({ namespace })
  try {
    return await reader.content()
  } finally {
    reader.close()
  }
}

/** Hash sets list their elements in any order: sorts them. */
export function sortedElements(listing: string): string {
  const sorted = (elements: string): string => elements.split(/,\s+/).sort().join(', ')
  return listing.replace(/elements = \{ ([^{}]*?) \}/gs, (_, elements: string) => `elements = { ${sorted(elements)} }`)
}

/** `flags owner` and the owner's program name; nft 1.0.6 has no word for `persist` and writes nothing behind `flags`. */
function withoutOwner(listing: string): string {
  return listing.replace(/ # progname .*$/gm, '').replace(/^\tflags (owner)?\n\n/gm, '')
}
