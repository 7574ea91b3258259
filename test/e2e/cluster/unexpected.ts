// What a check throws when it has seen something other than it should. Other errors say that it could not look.
export class Unexpected extends Error {
  constructor(seen: readonly string[], options?: ErrorOptions) {
    super(seen.join('\n'), options)
    this.name = 'Unexpected'
  }
}
