import { closeSync } from 'node:fs'
import { constants } from 'node:os'
import { expect, test } from '@jest/globals'
import { send, sendInBackground, setsockopt, SOL_SOCKET } from '../../src/netlink/libc.ts'
import { openNetlinkSocket } from '../../src/netlink/open-socket.ts'

const NETLINK_ROUTE = 0
const SO_SNDBUF = 7

test('a send that fails says why, on this thread and on another', async () => {
  const fd = openNetlinkSocket(NETLINK_ROUTE)
  setsockopt(fd, SOL_SOCKET, SO_SNDBUF, 4096)
  const tooLarge = Buffer.alloc(1 << 20)
  const failure = { code: 'SYSTEM_CALL', errno: constants.errno.EMSGSIZE, message: 'send: EMSGSIZE (message too long)' }
  try {
    expect(() => send(fd, tooLarge)).toThrow(expect.objectContaining(failure))
    await expect(sendInBackground(fd, tooLarge)).rejects.toMatchObject(failure)
  } finally {
    closeSync(fd)
  }
  await expect(sendInBackground(-1, tooLarge)).rejects.toMatchObject({ errno: constants.errno.EBADF })
})
