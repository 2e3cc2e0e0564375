/**
 * What becomes of a bucket that ran over: the overflow filter, the blackhole, the alert, the
 * postoverflows, and the events that are to be recorded. One that needs a host name is put aside until it is known; one
 * that is to be poured again waits for the engine to do so.
 */
import { derivedId } from "../../events/derived-id.ts"
import type { LineReference } from "../../events/log-batch.ts"
import { RuntimeAlert } from "./alert.ts"
import { Blackhole } from "./blackhole.ts"
import type { Bucket } from "../bucket/bucket.ts"
import type { Counters } from "../counters.ts"
import type { EngineOptions, Held } from "../engine-options.ts"
import { overflowData } from "./evidence.ts"
import type { NameWanted, Outcome, OverflowOutcome } from "../outcome.ts"
import { Parked, type RaisedOverflow } from "./parked.ts"
import { attempt, NameUnknown } from "../pass.ts"
import { PipelineEvent } from "../event/pipeline-event.ts"
import type { Ruleset } from "../ruleset.ts"
import { runtimeAlert } from "./runtime-alert.ts"
import { ShownEvents } from "./shown-events.ts"
import type { WorldState } from "../world/world.ts"

/**
 * How far an overflow that is poured again may cause others, how many are poured again for one line, and how many may come
 * of those before no more are.
 */
const longestChain = 8
const mostPerLine = 1_000

/** An overflow to be poured again, and how many before it in its chain were. */
export interface Again {
  readonly event: PipelineEvent
  readonly depth: number
}

export class Overflows {
  readonly parked = new Parked()
  /** By the identity of their scenarios. */
  blackholes: ReadonlyMap<string, Blackhole> = new Map()
  #ruleset: Ruleset
  readonly #world: WorldState
  readonly #counters: Counters
  readonly #options: Pick<EngineOptions, "metaBuckets" | "watch">
  #outcomes: Array<Outcome> = []
  /** To be poured again when the line at hand is through. */
  readonly #pending: Array<Again> = []
  #chained = 0
  #caused = 0
  readonly #shown = new ShownEvents()

  constructor(
    ruleset: Ruleset,
    { world, counters }: { readonly world: WorldState; readonly counters: Counters },
    options: Pick<EngineOptions, "metaBuckets" | "watch">
  ) {
    this.#ruleset = ruleset
    this.#world = world
    this.#counters = counters
    this.#options = options
  }

  /** Goes by these rules from here on. `most`: groups that a blackhole remembers. */
  activate(ruleset: Ruleset, most: number): void {
    const old = this.blackholes
    this.#ruleset = ruleset
    this.blackholes = new Map(
      ruleset.scenarios.map(({ identity, blackhole }) => [identity, new Blackhole(blackhole, most)])
    )
    for (const [identity, blackhole] of old) this.blackholes.get(identity)?.adopt(blackhole.entries())
  }

  /** What is to be recorded since the last call. */
  take(): ReadonlyArray<Outcome> {
    const outcomes = this.#outcomes
    this.#outcomes = []
    return outcomes
  }

  /** The next overflow to be poured again. */
  next(): Again | undefined {
    if (this.#pending.length === 0) return undefined
    if (this.#chained >= mostPerLine || this.#caused >= mostPerLine) {
      this.#counters.cutChains += this.#pending.length
      this.#pending.length = 0
      return undefined
    }
    this.#chained += 1
    return this.#pending.shift()
  }

  /** The line at hand is through, and all that came of it. */
  settled(): void {
    this.#chained = 0
    this.#caused = 0
    this.#shown.forget()
  }

  /** The line at hand is left out, and what was to come of it. */
  drop(): void {
    this.#pending.length = 0
    this.settled()
  }

  /** The time of a bucket was over: it shows as much whichever line tells it, and whatever else is due by then. */
  expire(bucket: Bucket): void {
    this.#shown.forget()
    this.raise(bucket, bucket.Queue.at(-1)!, 0)
  }

  /** A bucket ran over. `depth`: how many overflows before it in the chain were poured again. */
  raise(bucket: Bucket, trigger: Pick<PipelineEvent, "reference" | "correlation">, depth: number): void {
    const alert = this.#alert(bucket)
    if (alert === "nobody") this.#counters.nameless += 1
    if (typeof alert === "string") {
      this.#options.watch?.held?.(bucket, alert)
      return
    }
    this.settle({
      alert,
      scenario: bucket.scenario.identity,
      bucket: alert.Mapkey,
      ruleset: this.#ruleset.hash,
      trigger: trigger.reference,
      correlation: trigger.correlation,
      at: bucket.overflowed,
      depth
    })
  }

  /** The alert about a bucket, or what keeps it back. One that names nobody opens the blackhole all the same. */
  #alert(bucket: Bucket): RuntimeAlert | Held {
    const { overflowFilter, identity } = bucket.scenario
    const { contexts } = this.#ruleset
    const swallowed = () => this.blackholes.get(identity)!.swallows(bucket.group, bucket.overflowed)
    const told = () => runtimeAlert(bucket, contexts, this.#shown)
    if (overflowFilter === undefined) return swallowed() ? "blackhole" : (told() ?? "nobody")
    const alert = told()
    const signal = alert ?? Object.assign(new RuntimeAlert(), { Mapkey: bucket.Mapkey })
    if (attempt(overflowFilter, { queue: bucket, leaky: bucket, signal }) === false) return "overflow_filter"
    return swallowed() ? "blackhole" : (alert ?? "nobody")
  }

  /** Sends an overflow through the postoverflows; it is put aside when they need a name that is not known yet. */
  settle(raised: RaisedOverflow): void {
    const { trigger, correlation, at } = raised
    const event = PipelineEvent.ofOverflow(trigger, correlation, raised.alert.copy(), at)
    const { world, postoverflows } = this.#ruleset
    const dates = { observedAt: at / 1000, zone: "UTC" }
    const arrival = { observed: at, mode: "observed", dates, previous: undefined } as const
    const pass = (waits: boolean) => {
      world.enter(this.#world, at, waits)
      postoverflows.parse({ evt: event, world, arrival, date: undefined, lean: false }, this.#options.watch)
    }
    try {
      pass(!this.parked.isFull)
    } catch (signal) {
      if (!(signal instanceof NameUnknown)) throw signal
      if (this.parked.add(signal.question, raised)) this.#want(signal.question, raised)
      return
    }
    event.at = at
    this.#options.watch?.overflow?.(event)
    if (event.Overflow.Whitelisted) this.#counters.whitelistedOverflows += 1
    else this.#emit(event, raised)
  }

  #want(question: string, { trigger, correlation, at }: RaisedOverflow): void {
    const wanted: NameWanted = { _tag: "NameWanted", question, causation: trigger.event, correlation, at: at / 1000 }
    this.#outcomes.push(wanted)
  }

  #emit(event: PipelineEvent, { trigger, correlation, scenario, bucket, ruleset, at, depth }: RaisedOverflow): void {
    const elsewhere = event.Overflow.Reprocess && this.#options.metaBuckets === "elsewhere"
    const told = new Set<string>()
    const outcomes = event.Overflow.APIAlerts.flatMap((alert, index): ReadonlyArray<OverflowOutcome> => {
      const reprocess = elsewhere && index === 0 ? { reprocess: event.Overflow } : {}
      const overflow = overflowData(alert, { ruleset, bucket, trigger, ...reprocess })
      const { scope, value } = overflow.source
      const id = derivedId("overflow", ruleset, scenario, bucket, trigger.event, trigger.line, scope, value)
      // Two spellings of one address are one offender.
      if (told.has(id)) return []
      told.add(id)
      return [{ _tag: "Overflow", id, overflow, causation: trigger.event, correlation, at: at / 1000 }]
    })
    this.#counters.overflows += outcomes.length
    if (depth > 0) this.#caused += outcomes.length
    this.#outcomes.push(...outcomes)
    if (!event.Overflow.Reprocess || elsewhere || outcomes.length === 0) return
    if (depth >= longestChain) {
      this.#counters.cutChains += 1
      return
    }
    const reference: LineReference = { event: outcomes[0]!.id, line: 0 }
    const again = PipelineEvent.ofOverflow(reference, correlation, event.Overflow, at)
    this.#pending.push({ event: again, depth: depth + 1 })
  }
}
