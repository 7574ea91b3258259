// Connects to SERVER again and again, until it was as EXPECT says (allowed, denied) five times in a row: 0; or a minute is over: 1.
// Denied means silence: an answer that nobody listens would be a server that is not there, and prove nothing.
const { connect } = require('node:net')
const { setTimeout: sleep } = require('node:timers/promises')

const { SERVER, PORT, EXPECT } = process.env
const TIMES = 5
const PATIENCE_MS = 60_000
const SILENCE_MS = 1000
const PAUSE_MS = 200

function attempt() {
  return new Promise((resolve) => {
    const socket = connect({ host: SERVER, port: Number(PORT), timeout: SILENCE_MS })
    const end = (outcome) => {
      socket.destroy()
      resolve(outcome)
    }
    socket.once('connect', () => end('allowed'))
    socket.once('timeout', () => end('denied'))
    socket.once('error', (error) => end(error.message))
  })
}

async function main() {
  const begin = Date.now()
  for (let times = 0; times < TIMES;) {
    if (Date.now() - begin > PATIENCE_MS) return 1
    const outcome = await attempt()
    console.log(`${SERVER}:${PORT} ${outcome}`)
    times = outcome === EXPECT ? times + 1 : 0
    await sleep(PAUSE_MS)
  }
  console.log(`as it should be: ${EXPECT}`)
  return 0
}

main().then((code) => process.exit(code))
