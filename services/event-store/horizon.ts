/** How far the log reaches as far as this process knows, and who waits for more. */
import * as Effect from "effect/Effect"
import type { StoreUnavailable } from "./event-store.ts"

export class Horizon {
  #position: number
  #failure: StoreUnavailable | undefined
  readonly #waiting = new Set<(effect: Effect.Effect<void, StoreUnavailable>) => void>()

  constructor(position: number) {
    this.#position = position
  }

  get position(): number {
    return this.#position
  }

  /** The log reaches this position now. Wakes whoever waits. */
  advance(position: number): void {
    if (position <= this.#position) return
    this.#position = position
    this.#wake(Effect.void)
  }

  /** There will be nothing more: everybody who waits, now and later, gets the error. */
  end(failure: StoreUnavailable): void {
    this.#failure = failure
    this.#wake(Effect.fail(failure))
  }

  /** Completes when the log reaches beyond the position. */
  past(position: number): Effect.Effect<void, StoreUnavailable> {
    return Effect.callback((resume) => {
      if (this.#failure !== undefined) return resume(Effect.fail(this.#failure))
      if (this.#position > position) return resume(Effect.void)
      this.#waiting.add(resume)
      return Effect.sync(() => this.#waiting.delete(resume))
    })
  }

  #wake(effect: Effect.Effect<void, StoreUnavailable>): void {
    const woken = [...this.#waiting]
    this.#waiting.clear()
    for (const resume of woken) resume(effect)
  }
}
