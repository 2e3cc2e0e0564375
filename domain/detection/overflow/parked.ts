/** Overflows that wait for an answer of the DNS. */
import type { LineReference } from "../../events/log-batch.ts"
import type { RuntimeAlert } from "./alert.ts"

/** An overflow on its way to the postoverflows. */
export interface RaisedOverflow {
  readonly alert: RuntimeAlert
  /** Identity of the scenario. */
  readonly scenario: string
  /** Key of the bucket. */
  readonly bucket: string
  /** Hash of the rules that raised it. */
  readonly ruleset: string
  readonly trigger: LineReference
  readonly correlation: string
  /** Detection time of the trigger in microseconds since 1970. */
  readonly at: number
  /** How many overflows before it in the chain were poured again. */
  readonly depth: number
}

/**
 * Beyond so many, overflows go on as if there was no answer: an attacker who runs the name servers of his addresses must
 * not be able to put off their bans for long.
 */
const most = 1_000

export class Parked {
  readonly #byQuestion = new Map<string, Array<RaisedOverflow>>()
  #size = 0

  get isFull(): boolean {
    return this.#size >= most
  }

  /** Whether it is the first to wait for this: the name of an address, or the addresses of a host name. */
  add(question: string, raised: RaisedOverflow): boolean {
    this.#size += 1
    const waiting = this.#byQuestion.get(question)
    if (waiting === undefined) this.#byQuestion.set(question, [raised])
    else waiting.push(raised)
    return waiting === undefined
  }

  release(question: string): ReadonlyArray<RaisedOverflow> {
    const waiting = this.#byQuestion.get(question) ?? []
    this.#byQuestion.delete(question)
    this.#size -= waiting.length
    return waiting
  }

  questions(): ReadonlyArray<string> {
    return [...this.#byQuestion.keys()]
  }

  entries(): Iterable<readonly [question: string, waiting: ReadonlyArray<RaisedOverflow>]> {
    return this.#byQuestion.entries()
  }
}
