/**
 * The complete selection that was made last, for whoever asks the same before anything changed. After a start all bouncers
 * ask for everything at once, and looking through hundreds of thousands of decisions for each would hold up the engine.
 */
import type { Pull, Selection } from "./decision-stream.ts"

/** What runs out meanwhile is told by the next answer, so nobody must get an old selection. */
const usableMs = 1_000

export interface Complete {
  readonly selection: Selection
  /** Where it stands. */
  readonly pull: Pull
}

export class CompleteAnswer {
  #last: (Complete & { readonly question: string }) | undefined

  /** @param question what it depends on besides the log and the time */
  of(question: string, pull: Pull, select: () => Selection): Complete {
    const last = this.#last
    const age = last === undefined ? 0 : pull.at - last.pull.at
    if (last?.question === question && last.pull.position === pull.position && age >= 0 && age < usableMs) return last
    this.#last = { question, pull, selection: select() }
    return this.#last
  }
}
