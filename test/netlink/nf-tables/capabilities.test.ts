// What kernels can do is tried, never concluded from a version: this one, and others that refuse one thing each.
import { constants } from 'node:os'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { lacksOf, probe } from '../../../src/netlink/nf-tables/capabilities.ts'
import { NEEDED, type NeededFeature, USEFUL } from '../../../src/netlink/nf-tables/features.ts'
import { NetfilterSocket } from '../../../src/netlink/nf-tables/socket.ts'
import { FAMILY, NFT_MSG, SET_FLAG } from '../../../src/netlink/nf-tables/protocol.ts'
import { type Message, messages } from '../../../src/netlink/message.ts'
import { NLMSG } from '../../../src/netlink/protocol.ts'
import { emptyKernel, type Kernel } from './kernel.ts'

/** A message of a batch. */
type Asked = Message & { readonly text: string; readonly family: number }

/** Answers as an old kernel: with an error to each message that it does not know, and to those that need what is then missing. */
class OldKernel {
  #answers: Message[] = []
  readonly #errnoFor: (asked: Asked) => number

  constructor(errnoFor: (asked: Asked) => number) {
    this.#errnoFor = errnoFor
  }

  send(bytes: Buffer): void {
    this.#answers = [...messages(bytes, bytes.length)].flatMap((message) => {
      const asked = { ...message, text: bytes.toString('latin1', message.start, message.end), family: bytes[message.start]! }
      const errno = this.#errnoFor(asked)
      return errno === 0 ? [] : [error(message.sequence, errno)]
    })
  }

  * receiveAll(): Generator<Message> {
    yield* this.#answers.splice(0)
  }
}

function error(sequence: number, errno: number): Message {
  const datagram = Buffer.alloc(4)
  datagram.writeInt32LE(-errno)
  return { type: NLMSG.ERROR, flags: 0, sequence, datagram, start: 0, end: 4 }
}

const { EOPNOTSUPP, EAFNOSUPPORT, ENOENT, EPERM, ENOMEM } = constants.errno
/** Of NFTA_SET_FLAGS, which probes set alone. */
const RANGES = `\x08\0\x03\0\0\0\0${String.fromCharCode(SET_FLAG.interval | SET_FLAG.object | SET_FLAG.concat)}`

const REFUSALS: readonly (readonly [NeededFeature, string, (asked: Asked) => number])[] = [
  ['inet', 'no nf_tables at all', () => EOPNOTSUPP],
  ['inet', 'no family inet', ({ family }) => (family === FAMILY.inet ? EAFNOSUPPORT : 0)],
  ['bridge', 'no family bridge', ({ family }) => (family === FAMILY.bridge ? EOPNOTSUPP : 0)],
  ['counterMaps', 'no maps of objects', ({ type }) => (type === NFT_MSG.NEWSET ? EOPNOTSUPP : 0)],
  ['concatenatedRanges', 'Linux 5.4', ({ text }) => (text.includes(RANGES) ? EOPNOTSUPP : 0)],
  ['conntrack', 'no module nft_ct', ({ text }) => (text.includes('ct\0') ? ENOENT : 0)],
  ['limit', 'no module nft_limit', ({ text }) => (text.includes('limit\0') ? ENOENT : 0)],
  ['log', 'no module nft_log', ({ text }) => (text.includes('log\0') ? ENOENT : 0)],
]

test.each(REFUSALS)('without %s (%s) it is refused, with what is missing and what to do', (feature, _, errnoFor) => {
  const { name, since } = NEEDED[feature]
  expect(() => probe(new OldKernel(errnoFor))).toThrow(expect.objectContaining({
    code: 'NODE_UNFIT', message: expect.stringContaining(`the kernel has no ${name}: run Linux ${since} or newer`),
  }))
})

test('each needed feature has a kernel that lacks it', () => {
  expect(new Set(REFUSALS.map(([feature]) => feature))).toEqual(new Set(Object.keys(NEEDED)))
})

test.each([['no right', EPERM], ['no memory', ENOMEM]])('%s is no lack: what is done later tells', (_, errno) => {
  expect(probe(new OldKernel(() => errno))).toEqual({ counterComments: false, ownedTables: false, endAck: false })
})

test('a kernel that has all that is needed and no more is taken, and what it lacks is said', () => {
  const capabilities = probe(new OldKernel(() => 0))
  expect(capabilities).toEqual({ counterComments: false, ownedTables: false, endAck: false })
  expect(lacksOf(capabilities, ['counterComments', 'ownedTables'])).toEqual([
    `the kernel has no comments on counters (Linux 5.10): ${USEFUL.counterComments.without}`,
    `the kernel has no ${USEFUL.ownedTables.name} (Linux 6.9): ${USEFUL.ownedTables.without}`,
  ])
})

describe('the kernel of this machine', () => {
  let kernel: Kernel
  let socket: NetfilterSocket
  beforeAll(() => {
    kernel = emptyKernel()
    socket = new NetfilterSocket(kernel.path)
  })
  afterAll(() => {
    socket.close()
    kernel.close()
  })

  test('can do what is needed, keeps comments, and is left as it was', () => {
    expect(probe(socket).counterComments).toBe(true)
    expect(kernel.list()).toBe('')
  })

  // The same bytes with one thing that no kernel knows: so it answers to an unknown flag, family and expression.
  test.each([
    ['concatenatedRanges', RANGES, RANGES.replace('\0\0\0', '\0\x40\0')],
    ['log', 'log\0', 'gol\0'],
    ['conntrack', '\0ct\0', '\0tc\0'],
  ] as const)('refuses as kernels without %s do', (feature, known, unknown) => {
    const altered = {
      send: (bytes: Buffer) => socket.send(Buffer.from(bytes.toString('latin1').replace(known, unknown), 'latin1')),
      receiveAll: () => socket.receiveAll(),
    }
    expect(() => probe(altered)).toThrow(expect.objectContaining({
      code: 'NODE_UNFIT', message: expect.stringContaining(`has no ${NEEDED[feature].name}:`), cause: expect.objectContaining({ code: 'NETLINK' }),
    }))
    expect(kernel.list()).toBe('')
  })
})
