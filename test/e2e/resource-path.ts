// Where the API server keeps an object.

/** Any object of the API; what is beyond the metadata is up to its kind. */
export interface ApiObject {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly [field: string]: unknown }
  readonly [field: string]: unknown
}

export type ObjectReference = Pick<ApiObject, 'apiVersion' | 'kind' | 'metadata'>

/** `/apis/networking.k8s.io/v1/namespaces/x/networkpolicies/y`; an object without a namespace is taken for a cluster-wide one. */
export function pathOf({ apiVersion, kind, metadata: { name, namespace } }: ObjectReference): string {
  const group = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`
  const scope = namespace === undefined ? '' : `/namespaces/${namespace}`
  return `${group}${scope}/${pluralOf(kind)}/${name}`
}

/** Holds for every kind of Kubernetes' own but Endpoints. */
function pluralOf(kind: string): string {
  const word = kind.toLowerCase()
  if (word.endsWith('y')) return `${word.slice(0, -1)}ies`
  return word.endsWith('s') ? `${word}es` : `${word}s`
}
