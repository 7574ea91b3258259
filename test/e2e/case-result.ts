// What a check of our own, or a case of an upstream suite, came to.

export interface CaseResult {
  readonly name: string
  readonly passed: boolean
  readonly seconds: number
  /** Empty where it passed. */
  readonly failure: string
}
