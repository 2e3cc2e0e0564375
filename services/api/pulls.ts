/**
 * Where each bouncer's deltas stand: per key, client address and program, as several hosts, and several bouncers on one
 * host, may share a key. Kept in memory only:
 * after a restart the first delta answers like a startup, which every bouncer takes.
 */
import type { Caller } from "./bouncer-key.ts"
import type { Pull } from "./decision-stream.ts"

const most = 10_000

const keyOf = ({ bouncer, address, agent }: Caller): string => `${bouncer.keyHash} ${address} ${agent}`

export class Pulls {
  /** The one that has not asked for longest comes first. */
  readonly #pulls = new Map<string, Pull>()

  last(caller: Caller): Pull | undefined {
    return this.#pulls.get(keyOf(caller))
  }

  /** Notes an answer that was written completely. One that overtook an earlier answer stays. */
  note(caller: Caller, pull: Pull): void {
    const key = keyOf(caller)
    const known = this.#pulls.get(key)
    this.#pulls.delete(key)
    this.#pulls.set(key, known !== undefined && known.position > pull.position ? known : pull)
    if (this.#pulls.size > most) this.#pulls.delete(this.#pulls.keys().next().value as string)
  }
}
