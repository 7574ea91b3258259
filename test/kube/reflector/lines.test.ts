import { describe, expect, jest, test } from '@jest/globals'
import fc from 'fast-check'
import { LineSplitter } from '../../../src/kube/reflector/lines.ts'
import { property } from '../../property.ts'

function linesOf(chunks: readonly Buffer[]): Buffer[] {
  const splitter = new LineSplitter()
  return chunks.flatMap((chunk) => splitter.push(chunk))
}

function split(chunks: readonly Buffer[]): string[] {
  return linesOf(chunks).map((line) => line.toString('utf8'))
}

describe('LineSplitter', () => {
  test('gives the lines of a text however it is cut into chunks, and not what has no end', () => {
    const text = fc.array(fc.constantFrom('a', 'ü', '€', '😀', '\n'), { maxLength: 60 }).map((chars) => chars.join(''))
    property(fc.tuple(text, fc.array(fc.integer({ min: 1, max: 9 }))), ([whole, sizes]) => {
      const bytes = Buffer.from(whole)
      const chunks: Buffer[] = []
      for (let at = 0, index = 0; at < bytes.length; index++) chunks.push(bytes.subarray(at, (at += sizes[index] ?? 5)))
      expect(split(chunks)).toEqual(whole.split('\n').slice(0, -1).filter((line) => line !== ''))
    })
  })

  test('joins a line of many megabytes once, not at every chunk', () => {
    const chunk = Buffer.alloc(16 * 1024, 'x')
    const chunks = [...Array.from({ length: 2000 }, () => chunk), Buffer.from('\nrest')]
    const concat = jest.spyOn(Buffer, 'concat')
    expect(linesOf(chunks).map((line) => line.length)).toEqual([2000 * chunk.length])
    expect(concat).toHaveBeenCalledTimes(1)
    concat.mockRestore()
  })

  test('gives up a line that no API server sends', () => {
    const splitter = new LineSplitter()
    const chunk = Buffer.alloc(16 * 1024 * 1024)
    expect(() => Array.from({ length: 5 }, () => splitter.push(chunk))).toThrow('a line of more than 67108864 bytes')
  })
})
