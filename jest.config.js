/** Real Kubernetes (test/e2e) needs Go and a build of some minutes: `npm run test:e2e`. */
const isE2e = process.env.E2E === 'yes'

/** Native ESM; Node strips the types itself, so what runs in a test is what runs in the agent. */
export default {
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '\\.ts$': '<rootDir>/test/strip-types.cjs' },
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/', ...(isE2e ? [] : ['<rootDir>/test/e2e/'])],
  reporters: ['default', '<rootDir>/test/closing-line.cjs'],
  testTimeout: 120_000,
  maxWorkers: 2,
}
