/** Host names that reverse DNS answered. The engine never asks: it says which name it wants, and the log brings it. */
import type { ResolvedName } from "../../events/name-resolved.ts"
import { AgedMap } from "../../order/aged-map.ts"

/** Microseconds of detection time. */
const answeredFor = 3_600_000_000
/** An address without a name, or a name server that failed, is asked again sooner. */
const unansweredFor = 300_000_000
/** Answers that are kept. */
const most = 16_384

export class Names {
  readonly #names = new AgedMap<{ readonly name: string; readonly until: number }>()

  /** "" when the answer was that there is none; undefined when no answer is known. */
  get(address: string, now: number): string | undefined {
    const known = this.#names.get(address)
    return known !== undefined && now < known.until ? known.name : undefined
  }

  learn({ address, name, outcome }: ResolvedName, now: number): void {
    this.#names.delete(address)
    if (this.#names.size >= most) this.#names.delete(this.#names.oldest!)
    const answered = outcome === "answered" && name !== ""
    this.#names.set(address, { name: answered ? name : "", until: now + (answered ? answeredFor : unansweredFor) })
  }

  snapshot(): ReadonlyArray<readonly [address: string, name: string, until: number]> {
    return Array.from(this.#names, ([address, { name, until }]) => [address, name, until] as const)
  }

  restore(snapshot: ReadonlyArray<readonly [address: string, name: string, until: number]>): void {
    for (const [address, name, until] of snapshot) this.#names.set(address, { name, until })
  }
}
