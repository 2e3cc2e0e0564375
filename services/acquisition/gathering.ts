/**
 * When lines are stored: the first ones after a pause at once, and those behind them together, of all sources. Programs write
 * line by line, and a batch for each line would cost a commit for each.
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type { LogBatch } from "../../domain/events/log-batch.ts"
import { maxBatchBytes, maxBatchLines } from "./body.ts"

export class Gathering {
  readonly #span: number
  /** In milliseconds since 1970. */
  #until = 0

  /** `span`: how long lines are gathered, in milliseconds. */
  constructor(span: number) {
    this.#span = span
  }

  /** These of one source were stored, and the next ones are gathered. One that is full tells that there are more already. */
  after(batches: ReadonlyArray<LogBatch>): Effect.Effect<void> {
    if (!batches.every(isSmall)) return Effect.void
    const begin = Effect.map(Clock.currentTimeMillis, (now) => {
      if (this.#rest(now) === 0) this.#until = now + this.#span
    })
    return Effect.andThen(begin, this.over)
  }

  /** Waits until what was gathered may be looked at. */
  readonly over: Effect.Effect<void> = Effect.flatMap(Clock.currentTimeMillis, (now) =>
    this.#rest(now) === 0 ? Effect.void : Effect.sleep(Duration.millis(this.#rest(now)))
  )

  /** So long lines are still gathered. The clock may have been set back since they began to be: then no more. */
  #rest(now: number): number {
    const rest = this.#until - now
    return rest > this.#span ? 0 : Math.max(0, rest)
  }
}

/** Whether more would have had room in it: the file's end was near. */
const isSmall = ({ lines, range }: LogBatch): boolean =>
  lines < maxBatchLines / 2 && range.to - range.from < maxBatchBytes / 2
