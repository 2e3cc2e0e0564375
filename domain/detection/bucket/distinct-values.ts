/**
 * The values of `distinct` that were poured into a bucket. Most buckets have one, and nearly all of the others a few: those
 * stand in a list, since a Set takes several times their memory.
 */
import { ownCopy } from "../../text/own-copy.ts"
import { hashOf } from "../../text/text-hash.ts"
import { withRoom } from "./with-room.ts"

/** Up to so many stand in a list. */
const few = 16

/** The values, and before each its hash: whoever looks for one need not look at the others. */
export type FewValues = Array<number | string>

/** What holds the value as well; undefined when it is among the values already. */
export const withValue = (
  values: string | FewValues | ManyValues,
  value: string
): FewValues | ManyValues | undefined => {
  if (typeof values === "string") {
    if (value === values) return undefined
    return [hashOf(values), values, hashOf(value), ownCopy(value)]
  }
  if (values instanceof ManyValues) return values.add(value) ? values : undefined
  const hash = hashOf(value)
  const { length } = values
  for (let at = 0; at < length; at += 2) if (values[at] === hash && values[at + 1] === value) return undefined
  if (length === 2 * few) return new ManyValues([...valuesOf(values), ownCopy(value)])
  const longer = withRoom(values, 2)
  longer[length] = hash
  longer[length + 1] = ownCopy(value)
  return longer
}

/** The oldest first. */
export const valuesOf = (values: string | FewValues | ManyValues): Iterable<string> => {
  if (typeof values === "string") return [values]
  return values instanceof ManyValues ? values.values : values.filter((each) => typeof each === "string")
}

/** So many are remembered; the oldest is forgotten first. */
const mostDistinct = 10_000

export class ManyValues {
  /** The oldest first, until there are as many as there may be. */
  readonly #values: Set<string>
  /** The same from then on, and which is the oldest: a Set is slow to tell it. */
  #turns: Array<string> | undefined
  #turn = 0
  /** Of all of them. */
  characters: number

  constructor(values: ReadonlyArray<string>) {
    this.#values = new Set(values)
    this.characters = values.reduce((sum, { length }) => sum + length, 0)
  }

  /** False when the value is among them already. */
  add(value: string): boolean {
    if (this.#values.has(value)) return false
    const own = ownCopy(value)
    if (this.#values.size >= mostDistinct) this.#makeRoom(own)
    this.#values.add(own)
    this.characters += own.length
    return true
  }

  /** The oldest value goes, and the new one has its turn when all others have had theirs. */
  #makeRoom(value: string): void {
    this.#turns ??= [...this.#values]
    const oldest = this.#turns[this.#turn]!
    this.#values.delete(oldest)
    this.characters -= oldest.length
    this.#turns[this.#turn] = value
    this.#turn = (this.#turn + 1) % mostDistinct
  }

  get values(): Iterable<string> {
    return this.#values
  }
}
