import { PATIENCE_MS } from './lab/patience.ts'

/** Building an image takes minutes the first time, and Debian's buildah: `npm run test:image`. */
const isImageTested = process.env.IMAGE === 'yes'
/** So does building Prometheus: `npm run test:prometheus`. */
const isPrometheusTested = process.env.PROMETHEUS === 'yes'

/** Native ESM; Node strips the types itself, so what runs in a test is what runs in the agent. */
export default {
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '\\.ts$': '<rootDir>/test/strip-types.cjs' },
  modulePathIgnorePatterns: ['<rootDir>/.cache/'],
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  testPathIgnorePatterns: [
    '/node_modules/',
    '<rootDir>/test/kernels/guest/', // in other machines: `npm run test:kernels`
    ...(isImageTested ? [] : ['<rootDir>/test/image/']),
    ...(isPrometheusTested ? [] : ['<rootDir>/test/prometheus/']),
  ],
  reporters: ['default', '<rootDir>/test/closing-line.cjs'],
  testTimeout: 10 * PATIENCE_MS,
  maxWorkers: 2,
}
