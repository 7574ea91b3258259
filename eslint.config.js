import js from '@eslint/js'
import tseslint from 'typescript-eslint'

// Lint as a budget: what a reader can hold in the head at once.
const budget = {
  complexity: ['error', 10],
  'max-params': ['error', 4],
  'max-depth': ['error', 3],
  'max-statements': ['error', 20],
  'max-lines': ['error', { max: 300, skipBlankLines: false, skipComments: false }],
}

// Folders that compute: no I/O, no clock, no process (see docs/design.md).
const pure = ['cluster', 'policy', 'compiler', 'nftables', 'advice'].map((folder) => `src/${folder}/**/*.ts`)

export default tseslint.config(
  { ignores: ['.cache', 'dist', 'coverage', 'node_modules'] },
  js.configs.recommended,
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      ...budget,
      eqeqeq: 'error',
      'no-restricted-exports': ['error', { restrictDefaultExports: { direct: true } }],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
    },
  },
  {
    files: pure,
    rules: {
      'no-restricted-globals': ['error', 'process', 'setTimeout', 'setInterval', 'performance', 'fetch'],
      'no-restricted-properties': ['error', { object: 'Date', property: 'now' }, { object: 'Math', property: 'random' }],
      'no-restricted-imports': ['error', { patterns: ['node:*', 'execa', 'koffi', '../netlink/*', '../agent/*', '../cli/*'] }],
    },
  },
  {
    files: ['lab/**/*.ts', 'test/**/*.ts', 'bench/**/*.ts', 'demo/**/*.ts'],
    rules: { 'max-statements': ['error', 30], '@typescript-eslint/no-non-null-assertion': 'off' },
  },
  {
    files: ['**/*.js', '**/*.mjs', '**/*.cjs'],
    ...tseslint.configs.disableTypeChecked,
    languageOptions: {
      ...tseslint.configs.disableTypeChecked.languageOptions,
      globals: { process: 'readonly', console: 'readonly', URL: 'readonly', module: 'readonly', require: 'readonly' },
    },
    rules: { ...tseslint.configs.disableTypeChecked.rules, 'no-restricted-exports': 'off', '@typescript-eslint/no-require-imports': 'off' },
  },
)
