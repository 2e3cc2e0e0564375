/**
 * Answers that follow from one text of an event alone, such as whether an address is on a list. Whoever comes often is
 * not looked into again each time. Bounded: whoever writes the log must not fill the memory with new texts.
 */
import type { EventField } from "./event-field.ts"
import type { PipelineEvent } from "./pipeline-event.ts"

/** Texts of a field that are remembered; twice as many just before the older half is forgotten. */
const mostTexts = 32_768
/** A longer text is asked about again each time. In characters. */
const longestText = 256

/** All answers about one text, by their numbers; `unasked` where nobody asked yet. */
type Row = Array<unknown>
const unasked: unique symbol = Symbol("unasked")

/** The answers about the texts of one field. */
export class Answers {
  readonly #field: EventField
  #columns = 0
  #young = new Map<string, Row>()
  #old = new Map<string, Row>()
  /** Several ask about the same text, one after the other. */
  #lastText: string | undefined
  #lastRow: Row = []

  constructor(field: EventField) {
    this.#field = field
  }

  /** The same question with its answers remembered. It must depend on the field's text only, and never write. */
  remembered<A>(ask: (event: PipelineEvent) => A): (event: PipelineEvent) => A {
    const column = this.#columns
    this.#columns += 1
    const { read } = this.#field
    return (event) => {
      const text = read(event)
      if (text === "" || text.length > longestText) return ask(event)
      const row = text === this.#lastText ? this.#lastRow : this.#row(text)
      const known = row[column]
      if (known !== unasked) return known as A
      const answer = ask(event)
      row[column] = answer
      return answer
    }
  }

  #row(text: string): Row {
    let row = this.#young.get(text)
    if (row === undefined) {
      row = this.#old.get(text) ?? new Array<unknown>(this.#columns).fill(unasked)
      if (this.#young.size >= mostTexts) {
        this.#old = this.#young
        this.#young = new Map()
      }
      // A part of a line would keep the whole line in memory.
      this.#young.set(ownCopy(text), row)
    }
    this.#lastText = text
    this.#lastRow = row
    return row
  }
}

/** The same text in a memory of its own. */
export const ownCopy = (text: string): string => (text.length < 13 ? text : ` ${text}`.slice(1))
