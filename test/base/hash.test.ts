import { expect, test } from '@jest/globals'
import { digest, fingerprint } from '../../src/base/hash.ts'

// Both are in names that outlive the agent: other values would lose counters and double Events.
test('texts have the names that they always had', () => {
  expect(digest('')).toBe('e3b0c44298fc1c14')
  expect(digest('shop/web\nshop/cart')).toBe('0fff73a4483edb2f')
  expect(digest('ä')).toBe('33e6d73fee82904c')
  expect(fingerprint('')).toBe('811c9dc5')
  expect(fingerprint('a')).toBe('e40c292c')
  expect(fingerprint('foobar')).toBe('bf9cf968')
})
