/**
 * The engine: recorded log lines in, overflows out. It is a fold over the log in committed global order: no clock, no
 * I/O, so the same events give the same outcomes, whenever and wherever they are read.
 */
import type { RecordedEvent } from "../events/event.ts"
import type { LineReference, LogBatch } from "../events/log-batch.ts"
import type { ResolvedHost } from "../events/host-resolved.ts"
import type { ResolvedName } from "../events/name-resolved.ts"
import type { Overflow } from "../events/overflow.ts"
import type { Passage } from "../events/time-passed.ts"
import { longestReach } from "../grok/reach.ts"
import { parseTimestamp } from "../time/instant.ts"
import type { Bucket } from "./bucket/bucket.ts"
import { Buckets } from "./bucket/buckets.ts"
import { after, type Candidate, Candidates } from "./filter/candidates.ts"
import { type Counters, noCounts } from "./counters.ts"
import { Deadlines } from "./bucket/deadlines.ts"
import { microseconds } from "./detection-time.ts"
import type { EngineOptions } from "./engine-options.ts"
import type { GeoLookup } from "./world/geo.ts"
import { Group, Turns } from "./bucket/group.ts"
import { LineParser } from "./parse/line-parser.ts"
import type { LineOrigin } from "./event/queued-event.ts"
import { Names, questionOf } from "./world/names.ts"
import { metaSource, pouredAgain } from "./overflow/meta-buckets.ts"
import type { Outcome } from "./outcome.ts"
import { attempt, failed } from "./pass.ts"
import { PipelineEvent } from "./event/pipeline-event.ts"
import { Overflows } from "./overflow/overflows.ts"
import type { Ruleset } from "./ruleset.ts"
import type { Scenario } from "./bucket/scenario.ts"
import { SourceClocks } from "./source-clocks.ts"
import { Stashes } from "./world/stash.ts"
import type { WorldState } from "./world/world.ts"

export type { Counters } from "./counters.ts"
export type { EngineOptions, EngineWatch, Held } from "./engine-options.ts"
export type { GeoLookup } from "./world/geo.ts"
export type { NameWanted, Outcome, OverflowOutcome } from "./outcome.ts"

const bucketsPerScenario = 50_000
/** Ten lines of 250 characters for each of them: ordinary lines never come near. */
const charactersPerScenario = 125_000_000

/** Lines between two sweeps of a scenario's buckets. */
const sweepEvery = 10_000

export class Engine {
  #ruleset: Ruleset
  #scenarios: ReadonlyMap<string, Scenario> = new Map()
  #candidates = new Candidates<Scenario>([])
  readonly counters: Counters = noCounts()
  /** The last line that was left out because the engine failed at it. */
  fault: { readonly reference: LineReference; readonly message: string } | undefined
  readonly world: WorldState & { asksNames: boolean; lookup: GeoLookup; clock: number | undefined }
  readonly clocks = new SourceClocks()
  /** Open buckets by the home of their scenarios. */
  buckets: ReadonlyMap<string, Buckets> = new Map()
  /** The same by the scenarios' places, of which some are empty. */
  #bucketsAt: Array<Buckets> = []
  /** The same in the order in which they are swept. */
  #swept: ReadonlyArray<Buckets> = []
  /** Lines between the sweeps of one scenario's buckets and the next one's: no line has to wait for all of them. */
  #sweepTurn = sweepEvery
  /** The group of scenarios that have one bucket for all events. It goes with the rules: it knows buckets of theirs. */
  #everything = new Group("")
  /** Whether any scenario does. */
  #looksBack = false
  #deadlines = new Deadlines()
  readonly overflows: Overflows
  readonly #options: EngineOptions
  /** The line at hand. */
  readonly #event = PipelineEvent.reusable()
  readonly #scope = { evt: this.#event }

  constructor(ruleset: Ruleset, options: EngineOptions = {}) {
    this.#ruleset = ruleset
    this.#options = options
    this.world = {
      stashes: new Stashes([]),
      names: new Names(),
      asksNames: false,
      lookup: options.geo ?? {},
      clock: undefined
    }
    this.overflows = new Overflows(ruleset, this, options)
    this.activate(ruleset)
  }

  get ruleset(): Ruleset {
    return this.#ruleset
  }

  /** Judges by these rules from here on. Buckets, blackholes and stashes stay where what they belong to did not change. */
  activate(ruleset: Ruleset, geo: GeoLookup = this.world.lookup): void {
    const most = {
      open: this.#options.bucketsPerScenario ?? bucketsPerScenario,
      characters: this.#options.charactersPerScenario ?? charactersPerScenario
    }
    const former = this.buckets
    if (this.#ruleset !== ruleset) this.#ruleset.world.forget()
    this.#ruleset = ruleset
    this.world.lookup = geo
    this.#scenarios = new Map(ruleset.scenarios.map((scenario) => [scenario.identity, scenario]))
    this.#candidates = new Candidates(ruleset.scenarios, ruleset.world.shortcuts)
    this.#looksBack = ruleset.scenarios.some(({ looksBack }) => looksBack)
    this.world.asksNames = ruleset.activation.names === "asked"
    this.world.stashes.activate(ruleset.stashes)
    const turns = new Turns()
    this.buckets = new Map(ruleset.scenarios.map(({ home }) => [home, new Buckets(most, turns)]))
    this.#everything = new Group("")
    this.#bucketsAt = []
    for (const { place, home } of ruleset.scenarios) this.#bucketsAt[place] = this.buckets.get(home)!
    this.#swept = [...this.buckets.values()]
    this.#sweepTurn = Math.max(1, Math.floor(sweepEvery / Math.max(1, this.#swept.length)))
    this.overflows.activate(ruleset, most.open, this.#candidates.of(PipelineEvent.anyOverflow()).length === 0)
    this.#deadlines = new Deadlines()
    for (const buckets of former.values()) for (const bucket of [...buckets.open()]) this.adopt(bucket)
  }

  /** Takes a bucket over, unless its scenario is not among the rules any more. */
  adopt(bucket: Bucket): void {
    const scenario = this.#scenarios.get(bucket.scenario.identity)
    if (scenario === undefined) return
    bucket.scenario = scenario
    this.buckets.get(scenario.home)!.adopt(bucket)
    if (scenario.timed) this.#deadlines.add(bucket)
  }

  /**
   * Judges the lines of a batch. `lines` are the lines that begin in it: what it holds of a line that an earlier batch
   * began is not among them, and the index is that of references. Empty lines are skipped.
   */
  pour(batch: RecordedEvent<"LogBatchAppended", LogBatch>, lines: ReadonlyArray<string>): ReadonlyArray<Outcome> {
    const { source } = batch.data
    const origin = { batch: batch.id, correlation: batch.metadata.$correlationId ?? batch.id }
    const { time = batch.data.time } = this.#options
    const parser = new LineParser(this.#ruleset, this.world.lookup, origin, { ...batch.data, time })
    if (time === "said") this.world.clock = microseconds(parseTimestamp(batch.data.observedAt) ?? 0)
    const event = this.#event
    for (let index = 0; index < lines.length; index++) {
      const text = lines[index]!
      if (text === "") continue
      this.counters.lines += 1
      if (text.length > longestReach) this.counters.oversized += 1
      event.index = index
      try {
        this.#line(parser, text, source)
      } catch (error) {
        this.#leaveOut(event.reference, error)
      }
      event.letGo()
      // There a line that says no time is of now, and buckets of the past are alive all the same.
      if (this.counters.lines % this.#sweepTurn === 0 && time !== "said") this.#sweep()
    }
    return this.overflows.take()
  }

  /** Judges the line at hand. */
  #line(parser: LineParser, text: string, source: string): void {
    const event = this.#event
    const { watch } = this.#options
    // Whoever watches sees whole events.
    parser.parse(event, text, this.clocks.previous(source), this.world, watch, watch === undefined)
    this.clocks.set(source, event.at, this.counters.lines)
    if (this.#deadlines.next < event.at) this.#expire(event.at)
    if (!event.Process) this.counters.unparsed += 1
    else {
      this.counters.parsed += 1
      if (event.Whitelisted) this.counters.whitelisted += 1
      else this.#judge(event, 0)
    }
    this.#drain()
    if (event.singular) event.queued?.complete()
  }

  /**
   * Attackers write the lines: one that meets a fault of the engine's own must not stop it, nor stop it again after
   * every restart. The line is left out, for good, because the same log gives the same fault.
   */
  #leaveOut(reference: LineReference, error: unknown): void {
    if (this.counters.parsed + this.counters.unparsed < this.counters.lines) this.counters.unparsed += 1
    this.survive(reference, error)
    this.overflows.drop()
  }

  /** Notes a fault, also one that was met when a line was through. */
  readonly survive = (reference: LineReference, error: unknown): void => {
    this.counters.faults += 1
    this.fault = { reference, message: error instanceof Error ? error.message : String(error) }
  }

  /** The overflows that waited for this answer go on, in the order in which they came. */
  resolve(
    resolved: RecordedEvent<"NameResolved", ResolvedName> | RecordedEvent<"HostResolved", ResolvedHost>
  ): ReadonlyArray<Outcome> {
    const waiting = this.overflows.parked.release(questionOf(resolved.data))
    // Of whatever time they are (a bucket ran over long after its last line, another source is behind): it is their answer.
    const latest = waiting.reduce((time, { at }) => Math.max(time, at), this.clocks.now)
    this.world.names.learn(resolved.data, latest)
    for (const raised of waiting) {
      try {
        if (this.#deadlines.next < raised.at) this.#expire(raised.at)
        this.overflows.resume(raised)
        this.#drain()
      } catch (error) {
        this.#leaveOut(raised.trigger, error)
      }
    }
    return this.overflows.take()
  }

  /** Pours an overflow that another engine raised. */
  pourAgain(raised: RecordedEvent<"OverflowRaised", Overflow>): ReadonlyArray<Outcome> {
    const event = pouredAgain(raised)
    if (event === undefined) return []
    try {
      this.clocks.set(metaSource, event.at, this.counters.lines)
      if (this.#deadlines.next < event.at) this.#expire(event.at)
      this.#judge(event, 1)
      this.#drain()
    } catch (error) {
      this.#leaveOut(event.reference, error)
    }
    return this.overflows.take()
  }

  /** Nothing arrived for so long: buckets whose time was over before run over. */
  pass(passed: RecordedEvent<"TimePassed", Passage>): ReadonlyArray<Outcome> {
    const at = microseconds(parseTimestamp(passed.data.at) ?? 0)
    try {
      this.#expire(at)
    } catch (error) {
      this.#leaveOut({ event: passed.id, line: 0 }, error)
    }
    return this.overflows.take()
  }

  /** When the next bucket runs over by itself, in milliseconds since 1970; infinite when none will. */
  get deadline(): number {
    return this.#deadlines.next / 1000
  }

  /** Addresses whose names, and host names whose addresses, are waited for, the longest waited for first. */
  wantedNames(): ReadonlyArray<string> {
    return this.overflows.parked.questions()
  }

  /** Offers the event to every scenario that it may concern. */
  #judge(event: PipelineEvent, depth: number): void {
    const scope = event === this.#event ? this.#scope : { evt: event }
    this.#ruleset.world.enter(this.world, event.at)
    let { edits } = event
    let candidates = this.#candidates.of(event)
    // Before the first bucket has counted what it holds of the event.
    if (this.#looksBack) event.singular ||= candidates.some(({ rule }) => rule.looksBack)
    for (let i = 0; i < candidates.length; i++) {
      const candidate = candidates[i]!
      this.#offer(candidate, scope, depth)
      if (event.edits === edits) continue
      // An expression of this scenario wrote to the event: those after it see another one.
      edits = event.edits
      candidates = after(candidate.place, this.#candidates.of(event))
      i = -1
    }
    event.isJudged = true
  }

  /** Pours the event into the candidate's bucket, if its filter lets it through. */
  #offer({ rule: scenario, holds }: Candidate<Scenario>, scope: { readonly evt: PipelineEvent }, depth: number): void {
    const event = scope.evt
    if (scenario.edits) this.overflows.tellBeforeEdit()
    if (!holds && !this.#passes(scenario, scope)) return
    if (this.#options.time === "said" && scenario.rule.type !== "trigger" && !isTimed(event)) return
    const group = scenario.groupBy === undefined ? this.#everything : scenario.groupBy(event)
    if (group === undefined) {
      this.counters.failedFilters += 1
      return
    }
    if (scenario.writes || this.#ruleset.world.touched) event.singular = true
    this.counters.poured += 1
    const buckets = this.#bucketsAt[scenario.place]!
    const bucket = buckets.pour(scenario, group, event)
    const { fate } = buckets
    this.#options.watch?.poured?.(event, bucket, fate)
    if (bucket.scenario.timed) this.#time(bucket)
    for (const evicted of buckets.evicted) {
      this.counters.evicted += 1
      this.#deadlines.remove(evicted)
    }
    if (fate !== "overflowed") return
    this.overflows.raise(bucket, event, depth)
    bucket.letGo()
    this.#ruleset.world.enter(this.world, event.at)
  }

  #time(bucket: Bucket): void {
    if (!bucket.isOpen) this.#deadlines.remove(bucket)
    else if (bucket.Total_count === 1) this.#deadlines.add(bucket)
  }

  /**
   * Buckets whose time was over before `at` run over, the soonest first. The last event of each is its trigger, so that
   * the overflow is the same whether a line or the passing of time tells that it is due.
   */
  #expire(at: number): void {
    while (this.#deadlines.next < at) {
      const bucket = this.#deadlines.shift()!
      if (!this.buckets.get(bucket.scenario.home)!.close(bucket)) continue
      bucket.overflowed = bucket.deadline
      this.#ruleset.world.enter(this.world, bucket.overflowed)
      this.#options.watch?.expired?.(bucket)
      this.overflows.expire(bucket)
      bucket.letGo()
      this.#pourAgain()
    }
    this.overflows.settled()
  }

  #passes(scenario: Scenario, scope: object): boolean {
    const passes = attempt(scenario.filter, scope)
    if (passes === true) return true
    if (passes !== false && passes === failed) this.counters.failedFilters += 1
    return false
  }

  /** Pours the overflows of the line at hand again, and what comes of them. */
  #drain(): void {
    this.#pourAgain()
    this.overflows.settled()
  }

  #pourAgain(): void {
    for (let next = this.overflows.next(); next !== undefined; next = this.overflows.next())
      this.#judge(next.event, next.depth)
  }

  #sweep(): void {
    const { lines } = this.counters
    const turn = (lines / this.#sweepTurn) % this.#swept.length
    this.#swept[turn]?.sweep(this.clocks.horizon(lines))
    if (turn === this.#swept.length - 1) this.clocks.swept()
  }
}

const isTimed = ({ MarshaledTime }: PipelineEvent): boolean => parseTimestamp(MarshaledTime) !== undefined

export const makeEngine = (ruleset: Ruleset, options?: EngineOptions): Engine => new Engine(ruleset, options)

/** When the line itself says that it was written, in milliseconds since 1970; undefined when it doesn't. */
export const lineTime = (ruleset: Ruleset, origin: LineOrigin, text: string): number | undefined => {
  // A state of its own: looking at a line leaves no trace in any engine.
  const state: WorldState = { stashes: new Stashes(ruleset.stashes), names: new Names(), asksNames: false, lookup: {} }
  const own = new LineParser(ruleset, {}, { batch: "", correlation: "" }, origin).parse(
    PipelineEvent.kept(),
    text,
    undefined,
    state
  )
  return own === undefined ? undefined : own / 1000
}
