// `npm run bench [-- datapath|changes|repairs]`: measures, prints, and stores the figures with machine and kernel in bench/results.
import { execFileSync } from 'node:child_process'
import process from 'node:process'
import { dataPathTable, measureDataPath } from './datapath.ts'
import { measureRepairs } from './repairs.ts'
import { store } from './store.ts'

const ROUNDS = Number(process.env['BENCH_ROUNDS'] ?? 7)
const ROOT = new URL('../', import.meta.url).pathname
/** As bin/vethguard starts the agent. */
const NODE_OPTIONS = ['--max-semi-space-size=2', '--heap-growing-percent=30']

const wanted = process.argv[2]
if (wanted === undefined || wanted === 'datapath') {
  const results = await measureDataPath(ROUNDS)
  process.stdout.write(`${dataPathTable(results)}\nIn brackets: speed against conntrack only, median of ${ROUNDS} rounds' ratios; more is better.\n`)
  store('datapath', { rounds: ROUNDS, results })
}
if (wanted === undefined || wanted === 'changes') {
  // Compiled, as it is shipped: stripping types while running takes memory of its own.
  execFileSync(process.execPath, [`${ROOT}node_modules/@typescript/native/bin/tsc`, '-p', `${ROOT}tsconfig.bench.json`], { stdio: 'inherit' })
  const argv = ['--expose-gc', ...NODE_OPTIONS, `${ROOT}.cache/bench/bench/changes.js`]
  const result = JSON.parse(execFileSync(process.execPath, argv, { encoding: 'utf8' })) as object
  process.stdout.write(`${JSON.stringify(result, undefined, 2)}\n`)
  store('changes', result)
}
if (wanted === undefined || wanted === 'repairs') {
  const results = await measureRepairs()
  process.stdout.write(`${JSON.stringify(results, undefined, 2)}\n`)
  store('repairs', { results })
}
