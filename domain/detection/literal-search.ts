/** Searches the fields of an event for the texts of which each rule needs one. */
import { type EventField, sameField } from "./event-field.ts"
import { LiteralIndex } from "./literal-index.ts"
import type { PipelineEvent } from "./pipeline-event.ts"
import type { Literal } from "./precondition.ts"

/** The search for the literals of all rules in one field. */
export interface FieldSearch {
  readonly field: EventField
  readonly index: LiteralIndex
}

export class LiteralSearch {
  /** By the rules' places: where what it needs is searched for; undefined where nothing is, or it cannot be. */
  readonly #searchesOf: ReadonlyArray<ReadonlySet<FieldSearch> | undefined>
  readonly #searches: ReadonlyArray<FieldSearch>
  readonly #bits: Uint32Array

  /** `needed` by the rules' places; undefined where nothing is needed. */
  constructor(needed: ReadonlyArray<ReadonlyArray<Literal> | undefined>) {
    const byField: Array<{ field: EventField; literals: Array<{ text: string; number: number }> }> = []
    for (const [number, literals] of needed.entries()) {
      for (const { field, text } of literals ?? []) {
        const known = byField.find((each) => sameField(each.field, field))
        if (known === undefined) byField.push({ field, literals: [{ text, number }] })
        else known.literals.push({ text, number })
      }
    }
    this.#searches = byField.flatMap(({ field, literals }) => {
      const index = LiteralIndex.of(literals)
      return index === undefined ? [] : [{ field, index }]
    })
    this.#searchesOf = needed.map((literals) => {
      const searches = literals?.map((literal) => this.#searches.find(({ field }) => sameField(field, literal.field)))
      return searches?.every((search) => search !== undefined) ? new Set(searches) : undefined
    })
    this.#bits = new Uint32Array(Math.ceil(needed.length / 32))
  }

  /** Whether the rule at this place needs a literal. */
  decides(place: number): boolean {
    return this.#searchesOf[place] !== undefined
  }

  /** What must be searched to decide about the rules at these places. */
  searchesFor(places: ReadonlyArray<number>): ReadonlyArray<FieldSearch> {
    return this.#searches.filter((search) => places.some((place) => this.#searchesOf[place]?.has(search)))
  }

  /** Looks what the event holds: "some" of the literals, which `found` tells, none, or possibly all of them. */
  look(event: PipelineEvent, searches: ReadonlyArray<FieldSearch>): "none" | "some" | "all" {
    const bits = this.#bits
    bits.fill(0)
    for (let i = 0; i < searches.length; i++) {
      const { field, index } = searches[i]!
      if (!index.scan(field.read(event), bits)) return "all"
    }
    for (let i = 0; i < bits.length; i++) if (bits[i] !== 0) return "some"
    return "none"
  }

  /** Whether the last look found what the rule at this place needs. */
  found(place: number): boolean {
    return ((this.#bits[place >>> 5]! >>> (place & 31)) & 1) === 1
  }
}
