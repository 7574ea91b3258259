// Ends with 0 when the pods of the cleanup DaemonSet are ready on all nodes, which is when `vethguard cleanup` has succeeded
// there; with 1, naming the nodes that are left, when the time is over. `helm uninstall` waits for this.
const { readFileSync } = require('node:fs')
const https = require('node:https')
const { setTimeout: sleep } = require('node:timers/promises')

const { NAMESPACE, DAEMONSET, SELECTOR, TIMEOUT_SECONDS, KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port } = process.env
const ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount'
const REQUEST_TIMEOUT_MS = 5000
/** A node has no vethguard of its own, but perhaps nft. */
const COMMANDS = 'nft delete table inet vethguard; nft delete table bridge vethguard'

function get(path) {
  const headers = { authorization: `Bearer ${readFileSync(`${ACCOUNT}/token`, 'utf8')}` }
  const ca = readFileSync(`${ACCOUNT}/ca.crt`)
  return new Promise((resolve, reject) => {
    const request = https.get({ host, port, path, ca, headers, timeout: REQUEST_TIMEOUT_MS }, async (response) => {
      const text = (await response.toArray()).join('')
      if (response.statusCode === 200) resolve(JSON.parse(text))
      else reject(new Error(`${path}: ${response.statusCode} ${text}`))
    })
    request.on('timeout', () => request.destroy(new Error('no answer from the API server')))
    request.on('error', reject)
  })
}

let said = ''

/** Says what is new only: Helm shows all of it when the time is over. */
function say(line) {
  if (line !== said) console.log(line)
  said = line
}

async function isDone() {
  const { metadata, status } = await get(`/apis/apps/v1/namespaces/${NAMESPACE}/daemonsets/${DAEMONSET}`)
  const { observedGeneration = 0, desiredNumberScheduled: wanted, numberReady: ready } = status
  if (observedGeneration < metadata.generation) return false
  say(`${ready} of ${wanted} nodes are clean`)
  return ready === wanted
}

/** A pod that is not scheduled yet names its node in its affinity. */
function nodeOf({ nodeName, affinity }) {
  return nodeName ?? affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].matchFields[0].values[0]
}

async function uncleanNodes() {
  const { items } = await get(`/api/v1/namespaces/${NAMESPACE}/pods?labelSelector=${encodeURIComponent(SELECTOR)}`)
  const isReady = ({ status }) => status.conditions?.some(({ type, status: value }) => type === 'Ready' && value === 'True')
  return items.filter((pod) => !isReady(pod)).map(({ spec }) => nodeOf(spec))
}

async function main() {
  const end = Date.now() + Number(TIMEOUT_SECONDS) * 1000
  while (Date.now() < end) {
    if (await isDone().catch((error) => say(error.message))) return 0
    await sleep(1000)
  }
  const nodes = await uncleanNodes().then((names) => names.join(', '), (error) => `nodes unknown (${error.message})`)
  const remedy = `run "${COMMANDS}" there, or reboot`
  console.error(`after ${TIMEOUT_SECONDS} s, vethguard's tables may still be on ${nodes}: ${remedy}`)
  return 1
}

main().then((code) => process.exit(code))
