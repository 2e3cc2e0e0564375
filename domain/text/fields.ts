/**
 * An event's maps of texts (`evt.Parsed`, `evt.Meta`, `evt.Enriched`). Nearly every name that is read from them or
 * written to them stands in a rule and is known when the rule is loaded: it has a number, its slot, and what runs for
 * every line goes by that. To everything else they are ordinary maps.
 */

/** The names that rules use of one map, numbered. Grows with the rules that are loaded, never with what lines hold. */
class FieldNames {
  readonly #slots = new Map<string, number>()
  readonly #names: Array<string> = []

  /** The number of a name that stands in a rule. */
  slot(name: string): number {
    const known = this.#slots.get(name)
    if (known !== undefined) return known
    this.#slots.set(name, this.#names.length)
    return this.#names.push(name) - 1
  }

  /** The number of a name that may come from anywhere; undefined when no rule uses it. */
  find(name: string): number | undefined {
    return this.#slots.get(name)
  }

  at(slot: number): string {
    return this.#names[slot]!
  }
}

/** One numbering for the process: events outlive the rules that parsed them, and rules are loaded anew while it runs. */
export const fieldNames = { Parsed: new FieldNames(), Meta: new FieldNames(), Enriched: new FieldNames() } as const

export type FieldMap = keyof typeof fieldNames

export const isFieldMap = (name: string): name is FieldMap => Object.hasOwn(fieldNames, name)

/** A map of texts with a second way in, by slot. */
export abstract class Fields extends Map<string, string> {
  abstract at(slot: number): string | undefined
  abstract put(slot: number, value: string): void
}

/** For events that are kept: no larger than what it holds. */
export class KeptFields extends Fields {
  readonly #names: FieldNames

  constructor(map: FieldMap, entries: Iterable<readonly [string, string]> = []) {
    super()
    this.#names = fieldNames[map]
    for (const [key, value] of entries) this.set(key, value)
  }

  at(slot: number): string | undefined {
    return this.get(this.#names.at(slot))
  }

  put(slot: number, value: string): void {
    this.set(this.#names.at(slot), value)
  }
}

/** For an event that is used again for line after line: an array of all slots, cheap to write and to empty. */
export class LineFields extends Fields {
  readonly #names: FieldNames
  readonly #values: Array<string | undefined> = []
  /** Slots that hold something, in the order in which they were filled. */
  readonly #filled: Array<number> = []
  #count = 0

  constructor(map: FieldMap) {
    super()
    this.#names = fieldNames[map]
  }

  at(slot: number): string | undefined {
    return this.#values[slot]
  }

  put(slot: number, value: string): void {
    const values = this.#values
    // Written in order, the array never has a hole.
    while (values.length <= slot) values.push(undefined)
    if (values[slot] === undefined) {
      this.#filled[this.#count] = slot
      this.#count += 1
    }
    values[slot] = value
  }

  override clear(): void {
    for (let i = 0; i < this.#count; i++) this.#values[this.#filled[i]!] = undefined
    this.#count = 0
    if (super.size > 0) super.clear()
  }

  override get(key: string): string | undefined {
    const slot = this.#names.find(key)
    return slot === undefined ? super.get(key) : this.#values[slot]
  }

  /** A name that no rule uses is not numbered: lines may bring ever new ones. */
  override set(key: string, value: string): this {
    const slot = this.#names.find(key)
    if (slot === undefined) return super.set(key, value)
    this.put(slot, value)
    return this
  }

  override has(key: string): boolean {
    return this.get(key) !== undefined
  }

  override delete(key: string): boolean {
    const slot = this.#names.find(key)
    if (slot === undefined) return super.delete(key)
    if (this.#values[slot] === undefined) return false
    this.#values[slot] = undefined
    this.#filled.splice(this.#filled.indexOf(slot), 1)
    this.#count -= 1
    return true
  }

  override get size(): number {
    return this.#count + super.size
  }

  override *entries(): MapIterator<[string, string]> {
    for (let i = 0; i < this.#count; i++) {
      const slot = this.#filled[i]!
      yield [this.#names.at(slot), this.#values[slot]!]
    }
    yield* super.entries()
  }

  override [Symbol.iterator](): MapIterator<[string, string]> {
    return this.entries()
  }

  override *keys(): MapIterator<string> {
    for (const [key] of this.entries()) yield key
  }

  override *values(): MapIterator<string> {
    for (const [, value] of this.entries()) yield value
  }

  override forEach(each: (value: string, key: string, map: Map<string, string>) => void, self?: unknown): void {
    for (let i = 0; i < this.#count; i++) {
      const slot = this.#filled[i]!
      each.call(self, this.#values[slot]!, this.#names.at(slot), this)
    }
    super.forEach(each, self)
  }
}
