/** Searches the fields of an event for the texts of which each rule needs one. */
import { Remembered } from "../../text/remembered.ts"
import { type EventField, sameField } from "../event/event-field.ts"
import { LiteralIndex } from "./literal-index.ts"
import type { PipelineEvent } from "../event/pipeline-event.ts"
import type { Literal } from "./precondition.ts"

/** A literal and the place of a rule that needs it. */
interface Numbered {
  readonly text: string
  readonly number: number
}

export class LiteralSearch {
  /** By the rules' places: where what it needs is searched for; undefined where nothing is, or it cannot be. */
  readonly #searchesOf: ReadonlyArray<ReadonlySet<FieldSearch> | undefined>
  readonly searches: ReadonlyArray<FieldSearch>
  readonly #bits: Uint32Array

  /**
   * `needed` by the rules' places; undefined where nothing is needed. What a search for the same rules has made of the
   * same literals is taken from it.
   */
  constructor(needed: ReadonlyArray<ReadonlyArray<Literal> | undefined>, former?: LiteralSearch) {
    const byField: Array<{ field: EventField; literals: Array<Numbered> }> = []
    for (const [number, literals] of needed.entries()) {
      for (const { field, text } of literals ?? []) {
        const known = byField.find((each) => sameField(each.field, field))
        if (known === undefined) byField.push({ field, literals: [{ text, number }] })
        else known.literals.push({ text, number })
      }
    }
    const words = Math.ceil(needed.length / 32)
    this.searches = byField.flatMap(({ field, literals }) => {
      const known = former?.searches.find((search) => search.isFor(field, literals))
      if (known !== undefined) return [known]
      const index = LiteralIndex.of(literals)
      return index === undefined ? [] : [new FieldSearch(field, literals, index, words)]
    })
    this.#searchesOf = needed.map((literals) => {
      const searches = literals?.map((literal) => this.searches.find(({ field }) => sameField(field, literal.field)))
      return searches?.every((search) => search !== undefined) ? new Set(searches) : undefined
    })
    this.#bits = new Uint32Array(words)
  }

  /** Whether the rule at this place needs a literal. */
  decides(place: number): boolean {
    return this.#searchesOf[place] !== undefined
  }

  /** What must be searched to decide about the rules at these places. */
  searchesFor(places: ReadonlyArray<number>): ReadonlyArray<FieldSearch> {
    return this.searches.filter((search) => places.some((place) => this.#searchesOf[place]?.has(search)))
  }

  /** The bits of the rules whose literals the event holds; good until the next look. */
  look(event: PipelineEvent, searches: ReadonlyArray<FieldSearch>): Uint32Array {
    const bits = this.#bits
    // For so few the array's own method takes longer to call.
    for (let word = 0; word < bits.length; word++) bits[word] = 0
    for (let i = 0; i < searches.length; i++) searches[i]!.look(event, bits)
    return bits
  }
}

/** Texts shorter than this are searched faster than they are looked up. */
const shortestRemembered = 64
const longestRemembered = 512
const mostRemembered = 4_096
/** Look-ups after which it is reckoned whether the texts of the field come again at all. */
const trial = 4_096

/** The search for the literals of all rules in one field. */
export class FieldSearch {
  readonly field: EventField
  readonly #literals: ReadonlyArray<Numbered>
  readonly #index: LiteralIndex
  readonly #words: number
  /** User agents come again and again, paths seldom: then nothing is remembered. */
  #remembers = true
  /** The bits of what a text was found to hold. */
  #remembered = new Remembered<Uint32Array>(mostRemembered)
  #asked = 0
  #unknown = 0

  constructor(field: EventField, literals: ReadonlyArray<Numbered>, index: LiteralIndex, words: number) {
    this.field = field
    this.#literals = literals
    this.#index = index
    this.#words = words
  }

  isFor(field: EventField, literals: ReadonlyArray<Numbered>): boolean {
    return (
      sameField(this.field, field) &&
      literals.length === this.#literals.length &&
      literals.every(
        ({ text, number }, at) => text === this.#literals[at]!.text && number === this.#literals[at]!.number
      )
    )
  }

  /** Adds what the field holds to the bits. */
  look(event: PipelineEvent, bits: Uint32Array): void {
    const text = this.field.place.read(event)
    if (!this.#remembers || text.length < shortestRemembered || text.length > longestRemembered)
      this.#index.scan(text, bits)
    else {
      const found = this.#find(text)
      for (let word = 0; word < found.length; word++) bits[word]! |= found[word]!
    }
  }

  #find(text: string): Uint32Array {
    if (this.#asked >= trial) this.#reckon()
    this.#asked += 1
    return this.#remembered.of(text, this.#scan)
  }

  readonly #scan = (text: string): Uint32Array => {
    this.#unknown += 1
    const found = new Uint32Array(this.#words)
    this.#index.scan(text, found)
    return found
  }

  #reckon(): void {
    this.#remembers = this.#unknown * 2 < this.#asked
    if (!this.#remembers) this.#remembered = new Remembered(mostRemembered)
    this.#asked = 0
    this.#unknown = 0
  }
}
