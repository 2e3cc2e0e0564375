/**
 * The decisions that were made so far, as profiles ask about them: a fold over the log, so the answers are the same
 * whenever it is read. Of the earliest ones nothing is known any more.
 */
import type { Decision, Retraction } from "../events/decision.ts"
import type { DecisionCounts } from "../expression/environment.ts"
import { parsePrefix, type Prefix } from "../net/prefix.ts"
import { PrefixTable } from "../net/prefix-table.ts"
import { nanosecondsPerMillisecond } from "../time/duration.ts"
import { millisecondOf } from "../time/instant.ts"
import { AgedMap } from "../order/aged-map.ts"
import { prefixFor } from "./scope.ts"

/** Decisions that are remembered; the oldest is forgotten first. */
const remembered = 100_000

interface Past {
  readonly scope: string
  readonly value: string
  /** Milliseconds since 1970. */
  readonly from: number
  /** When it ends; when it ended, once it was retracted. */
  until: number
}

export type DecisionHistorySnapshot = ReadonlyArray<
  readonly [id: string, scope: string, value: string, from: number, until: number]
>

export class DecisionHistory {
  /** In the order in which they were made. */
  readonly #byId = new AgedMap<Past>()
  /** Those about addresses and ranges, and the others by their value. */
  readonly #prefixes = new PrefixTable<Set<Past>>()
  readonly #values = new Map<string, Set<Past>>()

  constructor(snapshot: DecisionHistorySnapshot = []) {
    for (const [id, scope, value, from, until] of snapshot) this.#insert(id, { scope, value, from, until })
  }

  snapshot(): DecisionHistorySnapshot {
    return Array.from(this.#byId, ([id, { scope, value, from, until }]) => [id, scope, value, from, until] as const)
  }

  /** Nothing happens when the decision is known. `id` is that of its event. */
  add(id: string, { scope, value, from, until }: Pick<Decision, "scope" | "value" | "from" | "until">): void {
    if (this.#byId.has(id)) return
    this.#insert(id, { scope, value, from: millisecondOf(from), until: millisecondOf(until) })
    if (this.#byId.size > remembered) this.#forget(this.#byId.oldest!)
  }

  retract({ decision, at }: Pick<Retraction, "decision" | "at">): void {
    const past = this.#byId.get(decision)
    if (past !== undefined) past.until = Math.min(past.until, Date.parse(at))
  }

  /** What is known at a time (milliseconds since 1970). An address counts what is about it and about its ranges. */
  at(now: number): DecisionCounts {
    const count = (value: string, holds: (past: Past) => boolean): number => {
      let count = 0
      for (const past of this.#about(value)) if (holds(past)) count += 1
      return count
    }
    return {
      all: (value) => count(value, () => true),
      active: (value) => count(value, ({ until }) => until > now),
      since: (value, nanoseconds) => {
        const start = now - Number(nanoseconds / nanosecondsPerMillisecond)
        return count(value, ({ from }) => from > start)
      },
      timeLeft: (value) => {
        let last = now
        for (const { until } of this.#about(value)) last = Math.max(last, until)
        return BigInt(last - now) * nanosecondsPerMillisecond
      }
    }
  }

  *#about(value: string): Iterable<Past> {
    const prefix = parsePrefix(value)
    if (prefix !== undefined) for (const pasts of this.#prefixes.matches(prefix)) yield* pasts
    yield* this.#values.get(value) ?? []
  }

  #insert(id: string, past: Past): void {
    this.#byId.set(id, past)
    const prefix = prefixFor(past.scope, past.value)
    const known = this.#like(past, prefix)
    if (known !== undefined) known.add(past)
    else if (prefix === undefined) this.#values.set(past.value, new Set([past]))
    else this.#prefixes.add(prefix, new Set([past]))
  }

  #forget(id: string): void {
    const past = this.#byId.get(id)!
    this.#byId.delete(id)
    const prefix = prefixFor(past.scope, past.value)
    const known = this.#like(past, prefix)!
    known.delete(past)
    if (known.size > 0) return
    if (prefix === undefined) this.#values.delete(past.value)
    else this.#prefixes.remove(prefix)
  }

  #like({ value }: Past, prefix: Prefix | undefined): Set<Past> | undefined {
    return prefix === undefined ? this.#values.get(value) : this.#prefixes.get(prefix)
  }
}
