/**
 * What the DNS answered: the host name of an address, or the addresses of a host name. The engine never asks: it says what
 * it wants to know, and the log brings it.
 */
import type { ResolvedHost } from "../../events/host-resolved.ts"
import type { ResolvedName } from "../../events/name-resolved.ts"
import { AgedMap } from "../../order/aged-map.ts"

/** Microseconds of detection time. */
const nameFor = 3_600_000_000
/** A host behind a dynamic address has another one tomorrow, and nobody is to be banned for it until then. */
const addressesFor = 300_000_000
/** What has no answer, or whose name server failed, is asked again soon. */
const unansweredFor = 300_000_000
/** Answers that are kept. */
const most = 16_384

export type Resolved = ResolvedName | ResolvedHost

/** What was asked: an address, or a host name, which is none. */
export const questionOf = (resolved: Resolved): string => ("host" in resolved ? resolved.host : resolved.address)

const answersOf = (resolved: Resolved): ReadonlyArray<string> => {
  if (resolved.outcome !== "answered") return []
  if ("host" in resolved) return resolved.addresses
  return resolved.name === "" ? [] : [resolved.name]
}

export class Names {
  readonly #answers = new AgedMap<{ readonly answers: ReadonlyArray<string>; readonly until: number }>()

  /** None when the answer was that there is none; undefined when no answer is known. */
  get(question: string, now: number): ReadonlyArray<string> | undefined {
    const known = this.#answers.get(question)
    return known !== undefined && now < known.until ? known.answers : undefined
  }

  learn(resolved: Resolved, now: number): void {
    const question = questionOf(resolved)
    this.#answers.delete(question)
    if (this.#answers.size >= most) this.#answers.delete(this.#answers.oldest!)
    const answers = answersOf(resolved)
    const lasts = answers.length === 0 ? unansweredFor : "host" in resolved ? addressesFor : nameFor
    this.#answers.set(question, { answers, until: now + lasts })
  }

  snapshot(): ReadonlyArray<readonly [question: string, answers: ReadonlyArray<string>, until: number]> {
    return Array.from(this.#answers, ([question, { answers, until }]) => [question, answers, until] as const)
  }

  restore(snapshot: ReturnType<Names["snapshot"]>): void {
    for (const [question, answers, until] of snapshot) this.#answers.set(question, { answers, until })
  }
}
