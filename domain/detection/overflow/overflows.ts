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
import { mostUntold, type Spilt, spiltOf, type Untold } from "./untold.ts"
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
  readonly #survive: (reference: LineReference, error: unknown) => void
  readonly #options: Pick<EngineOptions, "metaBuckets" | "watch">
  #outcomes: Array<Outcome> = []
  /** To be poured again when the line at hand is through. */
  readonly #pending: Array<Again> = []
  #chained = 0
  #caused = 0
  readonly #shown = new ShownEvents()
  /** In their order. */
  #untold: Array<Untold> = []
  /** No scenario takes an overflow that is poured again. */
  #nobodyTakes = false
  /** Number of the line at hand, or of the moment at which a bucket's time was over. */
  #moment = 0

  constructor(
    ruleset: Ruleset,
    {
      world,
      counters,
      survive
    }: {
      readonly world: WorldState
      readonly counters: Counters
      readonly survive: (reference: LineReference, error: unknown) => void
    },
    options: Pick<EngineOptions, "metaBuckets" | "watch">
  ) {
    this.#ruleset = ruleset
    this.#world = world
    this.#counters = counters
    this.#survive = survive
    this.#options = options
  }

  /**
   * Goes by these rules from here on. `most`: groups that a blackhole remembers; `nobodyTakes`: no scenario takes an
   * overflow that is poured again.
   */
  activate(ruleset: Ruleset, most: number, nobodyTakes: boolean): void {
    const old = this.blackholes
    this.#nobodyTakes = nobodyTakes
    this.#ruleset = ruleset
    this.blackholes = new Map(
      ruleset.scenarios.map(({ identity, blackhole }) => [identity, new Blackhole(blackhole, most)])
    )
    for (const [identity, blackhole] of old) this.blackholes.get(identity)?.adopt(blackhole.entries())
  }

  /** What is to be recorded since the last call. */
  take(): ReadonlyArray<Outcome> {
    this.#tellAll()
    this.#shown.forget()
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
    this.#moment += 1
  }

  /** The line at hand is left out, and what was to come of it. */
  drop(): void {
    this.#pending.length = 0
    this.settled()
  }

  /** The time of a bucket was over: it shows as much whichever line tells it, and whatever else is due by then. */
  expire(bucket: Bucket): void {
    this.#moment += 1
    this.raise(bucket, bucket.Queue.at(-1)!, 0)
  }

  /** A bucket ran over. `depth`: how many overflows before it in the chain were poured again. */
  raise(bucket: Bucket, trigger: Untold["trigger"], depth: number): void {
    if (depth === 0 && this.#mayWait(bucket)) {
      if (this.#swallows(bucket)) return
      const { reference, correlation } = trigger
      this.#untold.push({ bucket: spiltOf(bucket), trigger: { reference, correlation }, moment: this.#moment })
      if (this.#untold.length >= mostUntold) this.#tellAll()
      return
    }
    this.#tellAll()
    const alert = this.#alert(bucket)
    if (alert === "nobody") this.#counters.nameless += 1
    if (typeof alert === "string") this.#options.watch?.held?.(bucket, alert)
    else this.#settle(this.#raised(bucket, alert, trigger, depth))
  }

  /** Whether its alert is the same when the lines of the batch are through, and nothing of theirs depends on it. */
  #mayWait({ scenario }: Bucket): boolean {
    if (!scenario.alertsWait || !this.#ruleset.alertsWait || this.#options.watch !== undefined) return false
    return !scenario.rule.reprocess || this.#options.metaBuckets === "elsewhere" || this.#nobodyTakes
  }

  /** Somebody may write to the event at hand: what came of it until now shows it as it is. */
  tellBeforeEdit(): void {
    if (this.#untold.at(-1)?.moment === this.#moment) this.#tellAll()
  }

  /** Tells what waited, as if each had been told at its line. */
  #tellAll(): void {
    if (this.#untold.length === 0) return
    const untold = this.#untold
    this.#untold = []
    this.#ruleset.world.aside(() => {
      for (const each of untold) {
        try {
          this.#tell(each)
        } catch (error) {
          this.#survive(each.trigger.reference, error)
        }
      }
    })
  }

  #tell({ bucket, trigger, moment }: Untold): void {
    const { world, contexts } = this.#ruleset
    world.enter(this.#world, bucket.overflowed)
    const alert = runtimeAlert(bucket, contexts, this.#shown.of(moment))
    if (alert === undefined) this.#counters.nameless += 1
    else this.#settle(this.#raised(bucket, alert, trigger, 0))
  }

  #raised(
    { scenario, overflowed }: Spilt,
    alert: RuntimeAlert,
    { reference, correlation }: Untold["trigger"],
    depth: number
  ): RaisedOverflow {
    const [bucket, ruleset, trigger] = [alert.Mapkey, this.#ruleset.hash, reference]
    return { alert, scenario: scenario.identity, bucket, ruleset, trigger, correlation, at: overflowed, depth }
  }

  /** The alert about a bucket, or what keeps it back. One that names nobody opens the blackhole all the same. */
  #alert(bucket: Bucket): RuntimeAlert | Held {
    const { overflowFilter } = bucket.scenario
    const told = () => runtimeAlert(bucket, this.#ruleset.contexts, this.#shown.of(this.#moment))
    if (overflowFilter === undefined) return this.#swallows(bucket) ? "blackhole" : (told() ?? "nobody")
    const alert = told()
    const signal = alert ?? Object.assign(new RuntimeAlert(), { Mapkey: bucket.Mapkey })
    if (attempt(overflowFilter, { queue: bucket, leaky: bucket, signal }) === false) return "overflow_filter"
    return this.#swallows(bucket) ? "blackhole" : (alert ?? "nobody")
  }

  #swallows({ scenario, group, overflowed }: Bucket): boolean {
    return this.blackholes.get(scenario.identity)!.swallows(group, overflowed)
  }

  /** One that was put aside goes on. */
  resume(raised: RaisedOverflow): void {
    this.#tellAll()
    this.#settle(raised)
  }

  /** Sends an overflow through the postoverflows; it is put aside when they need a name that is not known yet. */
  #settle(raised: RaisedOverflow): void {
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
    if (!event.Overflow.Reprocess || elsewhere || this.#nobodyTakes || outcomes.length === 0) return
    if (depth >= longestChain) {
      this.#counters.cutChains += 1
      return
    }
    const reference: LineReference = { event: outcomes[0]!.id, line: 0 }
    const again = PipelineEvent.ofOverflow(reference, correlation, event.Overflow, at)
    this.#pending.push({ event: again, depth: depth + 1 })
  }
}
