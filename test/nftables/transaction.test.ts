import { expect, test } from '@jest/globals'
import { emptyContent } from '../../src/nftables/diff.ts'
import { render } from '../../src/nftables/render.ts'
import { replace } from '../../src/nftables/transaction.ts'

test('without the guard no chain is left that every packet would pass', () => {
  const [guarded, open] = [true, false].map((guard) => render(replace(emptyContent(), new Map(), { guard })))
  expect(guarded?.match(/hook \w+/g)).toEqual(['hook prerouting', 'hook forward', 'hook input', 'hook prerouting', 'hook forward'])
  expect(open?.match(/hook \w+/g)).toEqual(['hook forward', 'hook input', 'hook forward'])
})
