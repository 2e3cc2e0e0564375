/** What is still to be had where values are written. Both the format and the values may be an attacker's. */
import type { Charge } from "../environment.ts"
import { limit } from "../limit.ts"
import { tooLong } from "../value.ts"

/** For what is bounded enough by how much it writes. */
const free: Charge = () => {}

export class Budget {
  /** Characters that may still be written; of a list in a list they count twice. */
  #room: number = limit.resultLength
  readonly charge: Charge

  constructor(charge = free) {
    this.charge = charge
  }

  /** The text, which is about to be written. */
  spend(text: string): string {
    this.#room -= text.length
    if (this.#room < 0) throw tooLong()
    this.charge(text.length / limit.charactersPerStep)
    return text
  }
}
