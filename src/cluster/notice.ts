// The way out to people, beside the log: what they should know about one object of theirs.

export interface Notice {
  readonly kind: 'NetworkPolicy' | 'Pod'
  /** `namespace/name` */
  readonly key: string
  /** In CamelCase. */
  readonly reason: string
  readonly message: string
}
