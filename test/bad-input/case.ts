// What a case of bad input is: the text of a file beside a good one, what must be said about it, and what must be open and closed.

export interface BadInput {
  readonly name: string
  readonly text: string
  /** Name of the file; it comes after base.yaml. */
  readonly file?: string
  /** Object, field and message of every problem, in the order they are found. */
  readonly problems?: readonly (readonly [object: string | RegExp, field: string, message: RegExp])[]
  /** Flows such as `x/b > x/a TCP 80`; a name is a pod of base.yaml, and anything else an address. */
  readonly open?: readonly string[]
  readonly closed?: readonly string[]
}

/** Addresses of the pods of base.yaml. */
export const ADDRESSES: Readonly<Record<string, string>> = { 'x/a': '10.0.0.1', 'x/b': '10.0.0.2', 'y/c': '10.0.0.3', 'y/d': '10.0.0.4' }

/**
 * Two pods in each of two namespaces, and a policy for y/c that must stay in force whatever the other file says:
 * only y/d reaches it.
 */
export const GOOD = `
${namespace('x', '{team: red}')}
${namespace('y', '{team: blue}')}
${pod('x/a')}
${pod('x/b')}
${pod('y/c')}
${pod('y/d')}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {namespace: y, name: good}
spec:
  podSelector: {matchLabels: {app: c}}
  ingress: [{from: [{podSelector: {matchLabels: {app: d}}}]}]
`

export const ALWAYS_OPEN = ['y/d > y/c TCP 80']
export const ALWAYS_CLOSED = ['x/b > y/c TCP 80']

/** Flows into x/a, which most cases are about. */
export const INTO_A = ['x/b > x/a TCP 80', 'y/c > x/a TCP 80', '203.0.113.7 > x/a TCP 80']
export const INTO_B = ['x/a > x/b TCP 80', 'y/c > x/b TCP 80']
export const OUT_OF_A = ['x/a > y/d TCP 80', 'x/a > 203.0.113.7 UDP 53']

/** A policy `x/p` with this spec, in flow style. */
export function policy(spec: string, metadata = '{namespace: x, name: p}'): string {
  return `---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: ${metadata}\nspec: ${spec}\n`
}

/** The same for x/a only, with this list of ingress rules. */
export function ingressToA(rules: string): string {
  return policy(`{podSelector: {matchLabels: {app: a}}, ingress: ${rules}}`)
}

export function namespace(name: string, labels: string): string {
  return `---\napiVersion: v1\nkind: Namespace\nmetadata: {name: ${name}, labels: ${labels}}`
}

/** A running pod with label app=<name> and TCP port 80 called web, unless said otherwise. */
export function pod(key: string, { labels = '', status = '', address = ADDRESSES[key] ?? '' } = {}): string {
  const [of = '', name = ''] = key.split('/')
  return `---
apiVersion: v1
kind: Pod
metadata: {namespace: ${of}, name: ${name}, uid: ${of}-${name}, labels: ${labels || `{app: ${name}}`}}
spec: {nodeName: node-a, containers: [{name: web, ports: [{name: web, containerPort: 80}]}]}
status: ${status || `{phase: Running, podIP: "${address}", podIPs: [{ip: "${address}"}]}`}`
}
