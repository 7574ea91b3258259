// As the project's own, for the files that the host has listed, and with a reporter that the host understands.
import { readFileSync } from 'node:fs'
import base from '../../../jest.config.js'

/** Written by suite.ts. */
const files = JSON.parse(readFileSync(new URL('files.json', import.meta.url), 'utf8'))

export default {
  ...base,
  rootDir: '../../..',
  testMatch: files.map((file) => `<rootDir>/${file}`),
  testPathIgnorePatterns: ['/node_modules/'],
  reporters: ['<rootDir>/test/kernels/guest/reporter.cjs'],
  maxWorkers: 1,
}
