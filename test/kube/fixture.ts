// What the tests of src/kube share: a source on a fake server, with times short enough to wait for.
import { setTimeout as delay } from 'node:timers/promises'
import pino, { type Logger } from 'pino'
import type { Credentials } from '../../src/kube/credentials/access.ts'
import type { KubeObserver } from '../../src/kube/observer.ts'
import { KubeSource, type KubeSourceOptions } from '../../src/kube/source.ts'
import type { Timing } from '../../src/kube/reflector/timing.ts'
import { PATIENCE_MS } from '../../lab/patience.ts'
import type { FakeApi } from './fake-api.ts'
import type { FakeObject } from './fake-history.ts'

export const NODE = 'n1'

/** Waits are a twentieth of what they are for; a busy machine is not taken for a silent server. */
export const FAST: Timing = {
  silenceMs: PATIENCE_MS,
  initialSilenceMs: PATIENCE_MS,
  stableMs: 1000,
  lookAgainMs: { firstMs: 100, longestMs: 1000 },
  confirmMs: 100,
  nodesMs: 20 * PATIENCE_MS,
  random: () => 0.5,
  sleep: (ms, signal) => delay(ms / 20, undefined, { signal }).catch(() => undefined),
}

/** For servers that fall silent on purpose. One that is only slow may be given up, too. */
export const SHORT_SILENCE = { silenceMs: 60, initialSilenceMs: 40 } as const

export function credentialsFor(api: FakeApi): () => Promise<Credentials> {
  const access = { server: api.url, headers: { authorization: 'Bearer t' }, tls: {}, proxyUrl: undefined }
  return () => Promise.resolve({ access: () => Promise.resolve(access), forget: () => undefined })
}

export function sourceOn(api: FakeApi, timing: Partial<Timing> = {}, observer: KubeObserver = {}, log = pino({ level: 'silent' })): KubeSource {
  return sourceWith(api, { timing, observer, log, clusterPolicies: true })
}

/** With other settings than by default. */
export function sourceWith(api: FakeApi, { timing = {}, log = pino({ level: 'silent' }), ...settings }: Partial<KubeSourceOptions>): KubeSource {
  return new KubeSource({ nodeName: NODE, credentials: credentialsFor(api), clusterPolicies: true, log, ...settings, timing: { ...FAST, ...timing } })
}

/** A logger, and what it has said. */
export function listeningLog(): { log: Logger; lines: { msg: string; level: number }[] } {
  const lines: { msg: string; level: number }[] = []
  const write = (text: string): void => void lines.push(JSON.parse(text) as { msg: string; level: number })
  return { log: pino({ level: 'debug' }, { write }), lines }
}

export function pod(name: string, fields: { ip?: string; app?: string; phase?: string; uid?: string; note?: string } = {}): FakeObject {
  const { ip = '10.0.0.1', app = 'a', phase = 'Running', uid = name, note = '' } = fields
  return {
    metadata: { namespace: 'default', name, uid, labels: { app }, annotations: { note } },
    spec: { nodeName: NODE, containers: [{ name: 'c', ports: [{ name: 'http', containerPort: 80 }] }] },
    status: { phase, podIPs: [{ ip }] },
  }
}

export function namespace(name: string, team = 'a'): FakeObject {
  return { metadata: { name, labels: { team } } }
}

/** @param peer of its one rule, which denies */
export function clusterPolicy(name: string, peer: object = { namespaces: {} }): FakeObject {
  return { metadata: { name }, spec: { tier: 'Admin', priority: 1, subject: { namespaces: {} }, egress: [{ action: 'Deny', to: [peer] }] } }
}

export function node(name: string, address = '10.0.0.1', zone = 'a'): FakeObject {
  return { metadata: { name, labels: { zone } }, status: { addresses: [{ type: 'InternalIP', address }] } }
}

export function policy(name: string, cidr = '10.0.0.0/8'): FakeObject {
  return { metadata: { namespace: 'default', name }, spec: { podSelector: {}, ingress: [{ from: [{ ipBlock: { cidr } }] }] } }
}
