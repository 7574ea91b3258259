// Checks that it was vethguard that denied: the agent of this node has counted denials to a pod SERVER-…, which no other enforcer would report.
const { request } = require('node:http')
const { setTimeout: sleep } = require('node:timers/promises')

const { HOST, HOST_IP, PORT, NAMESPACE, SERVER } = process.env
const TRIES = 30

function metrics() {
  return new Promise((resolve, reject) => {
    const ask = request({ host: HOST || HOST_IP, port: PORT, path: '/metrics', timeout: 5000 }, async (response) => {
      resolve((await response.toArray()).join(''))
    })
    ask.on('timeout', () => ask.destroy(new Error('no answer')))
    ask.on('error', reject)
    ask.end()
  })
}

function isDenial(line) {
  return line.startsWith('vethguard_denied_packets_total{') && line.includes(`pod_namespace="${NAMESPACE}"`)
    && line.includes(`pod_name="${SERVER}-`) && line.includes('direction="ingress"') && !line.endsWith(' 0')
}

async function main() {
  for (let tries = 0; tries < TRIES; tries += 1) {
    const lines = (await metrics().catch((error) => error.message)).split('\n')
    const denials = lines.filter(isDenial)
    console.log(denials.join('\n') || `no denials are counted (${lines.length} lines)`)
    if (denials.length > 0) return 0
    await sleep(1000)
  }
  return 1
}

main().then((code) => process.exit(code))
