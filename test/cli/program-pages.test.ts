import { readFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import { dropProgramPages, droppable } from '../../src/cli/program-pages.ts'

/** Of this process, in kB. */
function residentKB(kind: 'RssFile' | 'RssAnon'): number {
  return Number(new RegExp(`^${kind}:\\s+(\\d+) kB$`, 'm').exec(readFileSync('/proc/self/status', 'utf8'))?.[1])
}

test('pages of the program that are not used any more go, and nothing else does; the program goes on', () => {
  const [file, anonymous] = [residentKB('RssFile'), residentKB('RssAnon')]
  dropProgramPages()
  expect(residentKB('RssFile')).toBeLessThan(file * 0.6)
  expect(residentKB('RssAnon')).toBeGreaterThan(anonymous * 0.8)
  expect(JSON.parse(JSON.stringify([new Intl.NumberFormat('en').format(1e6), new RegExp('a+').exec('caab')?.[0]]))).toEqual(['1,000,000', 'aa'])
})

/** As the kernel writes it, without the lines that nobody reads. */
function smapsOf(first: string, anonymousKB = 0, swapKB = 0): string {
  const counts = [['Rss', 64], ['Anonymous', anonymousKB], ['Swap', swapKB], ['SwapPss', 0]].map(([name, kB]) => `${`${name}:`.padEnd(16)}${String(kB).padStart(8)} kB`)
  return [first, ...counts, 'VmFlags: rd ex mr mw me sd', ''].join('\n')
}

test("only what is a file's and was never written to is dropped", () => {
  const file = '00:1f 1234                       /usr/bin/node'
  const kept = [
    smapsOf(`1000-2000 rw-p 00000000 ${file}`),
    smapsOf(`2000-3000 r--p 00000000 ${file}`, 8),
    smapsOf(`3000-4000 r--p 00000000 ${file}`, 0, 8),
    smapsOf('4000-5000 r--s 00000000 00:06 1                          /dev/zero'),
    smapsOf('5000-6000 r--p 00000000 00:00 0 '),
    smapsOf('6000-7000 r-xp 00000000 00:00 0                          [vdso]'),
    smapsOf(`7000-8000 ---p 00000000 ${file}`),
    `8000-9000 r--p 00000000 ${file}\nRss: 64 kB\n`,
  ]
  expect(droppable(kept.join(''))).toEqual([])
  const dropped = [smapsOf(`7f00deadb000-7f00deadd000 r-xp 00001000 ${file}`), smapsOf(`a000-b000 r--p 00000000 ${file} (deleted)`)]
  expect(droppable([...kept.slice(0, 4), dropped[0], ...kept.slice(4), dropped[1]].join(''))).toEqual([
    { start: 0x7f00deadb000n, end: 0x7f00deadd000n },
    { start: 0xa000n, end: 0xb000n },
  ])
})
