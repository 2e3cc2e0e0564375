/**
 * A large state as lines of JSON, and back: neither its whole text nor all that the text is made of is in memory at a time,
 * and no text comes near the longest that V8 holds (half a gigabyte).
 *
 * A line tells a part of the state and its path, keys from the outside to the inside: `{at, is}` a value, `{at, items}` more
 * items of a list.
 */
import type { Json } from "effect/Schema"
import { isList, isObject, itemsOf } from "./iterable-json.ts"

type Path = ReadonlyArray<string>

type Part = { readonly at: Path; readonly is: unknown } | { readonly at: Path; readonly items: ReadonlyArray<unknown> }

function* partsOf(value: unknown, at: Path): Iterable<Part> {
  if (isList(value)) {
    yield { at, items: [] }
    for (const items of itemsOf(value)) yield { at, items }
  } else if (isObject(value)) {
    yield { at, is: {} }
    for (const key of Object.keys(value)) yield* partsOf(value[key], [...at, key])
  } else if (value !== undefined) yield { at, is: value }
}

/**
 * The lines of a state of plain JSON, in which lists may be any iterables. Keys are asked for their values one after the
 * other, items for theirs when it is their turn.
 */
export function* stateLines(state: unknown): Iterable<string> {
  for (const part of partsOf(state, [])) yield JSON.stringify(part)
}

/** Puts a state together again, from lines of {@link stateLines} in their order. */
export class StateReader {
  readonly #whole: { state?: Json } = {}

  get state(): Json {
    return this.#whole.state ?? null
  }

  /** Throws when it is no such line, or not the next one. */
  add(line: string): void {
    const part = JSON.parse(line) as Part
    const path = ["state", ...part.at]
    const last = path.pop()!
    let place: object = this.#whole
    for (const key of path) place = inside(place, key)
    if ("is" in part) put(place, last, part.is)
    else if (part.items.length === 0) put(place, last, [])
    else for (const item of part.items) (inside(place, last) as Array<unknown>).push(item)
  }
}

const inside = (place: object, key: string): object => {
  const value: unknown = Object.hasOwn(place, key) ? place[key as never] : undefined
  if (typeof value !== "object" || value === null) throw new SyntaxError(`nothing is at ${key} yet`)
  return value
}

/** Whatever the key is: `__proto__` is one of many. */
const put = (place: object, key: string, value: unknown): void => {
  Object.defineProperty(place, key, { value, writable: true, enumerable: true, configurable: true })
}
