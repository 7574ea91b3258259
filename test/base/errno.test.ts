import { expect, test } from '@jest/globals'
import { errnoName, errnoText } from '../../src/base/errno.ts'
import { hasErrno, NetlinkError, SystemCallError, VethguardError } from '../../src/base/errors.ts'
import { failureCode } from '../../src/base/failure-code.ts'

test.each([
  [1, 'EPERM', 'EPERM (operation not permitted; CAP_NET_ADMIN is needed)'],
  [9, 'EBADF', 'EBADF'],
  [11, 'EAGAIN', 'EAGAIN (try again)'],
  [85, 'ERESTART', 'ERESTART (ruleset changed meanwhile)'],
  [95, 'EOPNOTSUPP', 'EOPNOTSUPP (operation not supported)'],
  [105, 'ENOBUFS', 'ENOBUFS (events were lost)'],
  [4000, 'errno 4000', 'errno 4000'],
])('%d is %s', (errno, name, text) => {
  expect(errnoName(errno)).toBe(name)
  expect(errnoText(errno)).toBe(text)
  expect(failureCode(new NetlinkError('list tables', errno))).toBe(name)
})

test('an error has an errno if it comes from a libc call or from netlink', () => {
  expect(hasErrno(new SystemCallError('recv', 105), 'ENOBUFS')).toBe(true)
  expect(hasErrno(new NetlinkError('list tables', 1), 'EPERM')).toBe(true)
  expect(hasErrno(new NetlinkError('list tables', 1), 'ENOENT')).toBe(false)
  expect(hasErrno(new VethguardError('NFT', 'failed'), 'EPERM')).toBe(false)
})
