/** The values of `distinct` that were poured into a bucket, two and more. */
import { ownCopy } from "../../text/own-copy.ts"
import { hashOf } from "../../text/text-hash.ts"
import { withRoom } from "./with-room.ts"

/** Up to so many stand in a list: a Set takes several times their memory, and most buckets never have more. */
const few = 16

export class DistinctValues {
  /** The values, and before each its hash: whoever looks for one need not look at the others. */
  #few: Array<number | string> | undefined
  #many: ManyValues | undefined
  /** Of all of them. */
  characters: number

  constructor(first: string, second: string) {
    this.#few = [hashOf(first), first, hashOf(second), second]
    this.characters = first.length + second.length
  }

  /** False when the value is among them already. */
  add(value: string): boolean {
    const values = this.#few
    if (values === undefined) {
      const grown = this.#many!.add(value)
      this.characters += grown ?? 0
      return grown !== undefined
    }
    const hash = hashOf(value)
    const { length } = values
    for (let at = 0; at < length; at += 2) if (values[at] === hash && values[at + 1] === value) return false
    const own = ownCopy(value)
    this.characters += own.length
    if (length === 2 * few) {
      this.#many = new ManyValues([...this, own])
      this.#few = undefined
      return true
    }
    const longer = withRoom(values, 2)
    longer[length] = hash
    longer[length + 1] = own
    this.#few = longer
    return true
  }

  /** The oldest first. */
  *[Symbol.iterator](): Iterator<string> {
    const values = this.#few
    if (values === undefined) yield* this.#many!.values
    else for (let at = 1; at < values.length; at += 2) yield values[at] as string
  }
}

/** So many are remembered; the oldest is forgotten first. */
const mostDistinct = 10_000

class ManyValues {
  /** The oldest first, until there are as many as there may be. */
  readonly #values: Set<string>
  /** The same from then on, and which is the oldest: a Set is slow to tell it. */
  #turns: Array<string> | undefined
  #turn = 0

  constructor(values: ReadonlyArray<string>) {
    this.#values = new Set(values)
  }

  /** By how many characters they grew; undefined when the value is among them already. */
  add(value: string): number | undefined {
    if (this.#values.has(value)) return undefined
    const own = ownCopy(value)
    const forgotten = this.#values.size >= mostDistinct ? this.#makeRoom(own) : 0
    this.#values.add(own)
    return own.length - forgotten
  }

  /** The oldest value goes, and the new one has its turn when all others have had theirs. It gives the room in characters. */
  #makeRoom(value: string): number {
    this.#turns ??= [...this.#values]
    const oldest = this.#turns[this.#turn]!
    this.#values.delete(oldest)
    this.#turns[this.#turn] = value
    this.#turn = (this.#turn + 1) % mostDistinct
    return oldest.length
  }

  get values(): Iterable<string> {
    return this.#values
  }
}
