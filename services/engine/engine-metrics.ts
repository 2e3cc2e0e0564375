/** What the engine counts, as metrics: brought up to date after every stretch of the log, never line by line. */
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import type { Counters } from "../../domain/detection/engine.ts"

const counter = (name: string, description: string) =>
  Metric.counter(`testudo_${name}_total`, { description, incremental: true })

const ofEngine: ReadonlyArray<readonly [keyof Counters, Metric.Counter<number>]> = [
  ["lines", counter("lines", "Log lines judged since the log began")],
  ["parsed", counter("lines_parsed", "Log lines that a parser understood")],
  ["unparsed", counter("lines_unparsed", "Log lines that no parser understood")],
  ["overflows", counter("overflows", "Buckets that ran over, whitelisted ones left out")],
  ["evicted", counter("buckets_evicted", "Buckets that had to go because their scenario had too many")],
  ["faults", counter("engine_faults", "Lines left out because the engine failed at them")]
]
const decisions = counter("decisions", "Decisions that this process made, those of people left out")

export class EngineMetrics {
  readonly #told = new Map<keyof Counters, number>()

  /** `made`: how many decisions there are more than last time. */
  update(counters: Counters, made: number): Effect.Effect<void> {
    return Effect.forEach(
      ofEngine,
      ([name, metric]) => {
        const more = counters[name] - (this.#told.get(name) ?? 0)
        this.#told.set(name, counters[name])
        return Metric.update(metric, more)
      },
      { discard: true }
    ).pipe(Effect.andThen(Metric.update(decisions, made)))
  }
}
