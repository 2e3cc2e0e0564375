/**
 * The values of `distinct` that were poured into a bucket. Most buckets have one, and nearly all of the others a few: those
 * stand in a single text, which takes a quarter of the memory of a list of texts. A Set takes several times more than that.
 */
import { ownCopy, writtenOut } from "../../text/own-copy.ts"

/** Stands before each of few values, and behind the last. */
const mark = "\0"
const markCode = mark.charCodeAt(0)

/** Few values are those that a text of so many characters holds. */
const longestRow = 512

/** Few values as they stand in one text, or many of them. */
export type DistinctValues = string | ManyValues

/** What holds the value as well; undefined when it is among the values already. */
export const withValue = (values: DistinctValues | undefined, value: string): DistinctValues | undefined => {
  if (values instanceof ManyValues) return values.add(value) ? values : undefined
  // In a row it would look like two of them.
  const isTwo = value.includes(mark)
  if (values !== undefined && !isTwo && standsIn(values, value)) return undefined
  const row = `${values ?? mark}${value}${mark}`
  return isTwo || row.length > longestRow
    ? new ManyValues([...valuesOf(values), ownCopy(value)])
    : writtenOut(row, mark)
}

const standsIn = (row: string, value: string): boolean => {
  // Nothing is found at the end as well, again and again.
  for (let at = row.indexOf(value, 1); at > 0 && at < row.length; at = row.indexOf(value, at + 1))
    if (row.charCodeAt(at - 1) === markCode && row.charCodeAt(at + value.length) === markCode) return true
  return false
}

/** The oldest first. */
export const valuesOf = (values: DistinctValues | undefined): Iterable<string> => {
  if (values === undefined) return []
  return values instanceof ManyValues ? values.values : values.slice(1, -1).split(mark)
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
