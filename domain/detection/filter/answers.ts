/**
 * Answers that follow from one text of an event alone, such as whether an address is on a list. Whoever comes often is
 * not looked into again each time.
 */
import { Remembered } from "../../text/remembered.ts"
import type { EventField } from "../event/event-field.ts"
import type { PipelineEvent } from "../event/pipeline-event.ts"

/** Texts of a field that are remembered. */
const mostTexts = 131_072
/** A longer text is asked about again each time. In characters. */
const longestText = 256

/** The answers about the texts of one field. */
export class Answers {
  readonly #field: EventField
  #questions = 0
  /** For each text all answers about it, by the number of the question. */
  #remembered = new Remembered<Array<unknown>>(mostTexts)
  readonly #row = () => new Array<unknown>(this.#questions).fill(undefined)

  constructor(field: EventField) {
    this.#field = field
  }

  forget(): void {
    this.#remembered = new Remembered(mostTexts)
  }

  /**
   * The same question with its answers remembered. It must depend on the field's text only, and never write. All
   * questions are made before the first is asked.
   */
  remembered<A extends {}>(ask: (event: PipelineEvent) => A): (event: PipelineEvent) => A {
    const number = this.#questions
    this.#questions += 1
    const { place } = this.#field
    return (event) => {
      const text = place.read(event)
      if (text === "" || text.length > longestText) return ask(event)
      const row = this.#remembered.of(text, this.#row)
      const known = row[number]
      if (known !== undefined) return known as A
      const answer = ask(event)
      row[number] = answer
      return answer
    }
  }
}
