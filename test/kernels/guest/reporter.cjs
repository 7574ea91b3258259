// A jest reporter that writes a line for each test and each file to the console, for the host to read (records.ts).
const { writeSync } = require('node:fs')
const { relative } = require('node:path')
const { stripVTControlCharacters } = require('node:util')

/** Of what a failed test says. */
const LONGEST = 3000

function say(record) {
  writeSync(1, `\n@vethguard ${JSON.stringify(record)}\n`)
}

function short(text) {
  return stripVTControlCharacters(text).slice(0, LONGEST)
}

module.exports = class ConsoleReporter {
  onTestFileStart({ path }) {
    say({ kind: 'start', file: relative(process.cwd(), path) })
  }

  onTestCaseResult({ path }, { fullName, status, failureMessages, duration }) {
    say({ kind: 'test', file: relative(process.cwd(), path), name: fullName, status, ms: duration ?? 0, said: short(failureMessages.join('\n')) })
  }

  onTestResult({ path }, { numPassingTests: passed, numFailingTests: failed, numPendingTests: skipped, perfStats, testExecError }) {
    const said = testExecError === undefined ? '' : short(testExecError.message ?? String(testExecError))
    say({ kind: 'file', file: relative(process.cwd(), path), passed, failed, skipped, ms: perfStats.runtime, said })
  }
}
