// API objects with an error somewhere in their spec.

/** As a value wrong everywhere; elsewhere the name is misspelt instead. */
const MISSPELT = 'no such thing!'

export const JUNK: readonly unknown[] = [-1.5, { junk: 1 }, [[7]], MISSPELT]

/** A place in an object: what holds it, and its name or number there. */
interface PlaceIn {
  readonly holder: object
  readonly key: string
}

/**
 * Returns the object with one place in its spec spoilt: its value replaced by junk, or its name misspelt.
 * @param at which one, of any number
 */
export function corrupted(object: object, at: number, junk: unknown): object {
  const copy = structuredClone(object) as { spec: object }
  const places = placesIn(copy.spec)
  const { holder, key } = places[at % places.length]!
  const value = Reflect.get(holder, key) as unknown
  const misspelt = junk === MISSPELT && !Array.isArray(holder)
  if (misspelt) Reflect.deleteProperty(holder, key)
  Reflect.set(holder, misspelt ? `${key}x` : key, misspelt ? value : junk)
  return copy
}

function placesIn(holder: object): PlaceIn[] {
  return Object.entries(holder).flatMap(([key, value]) => {
    return [{ holder, key }, ...(typeof value === 'object' ? placesIn(value as object) : [])]
  })
}
