/**
 * The engine's state as plain JSON, and back. Lines are not copied, but for those that the log is about to forget: a queue
 * refers to them, and they are parsed again. Only an event that parsing its line again would not give (a stash had a say in
 * it, or rules that parse otherwise did) is kept with what it holds. Of what there is by the ten thousands, events and
 * buckets, names are told once, and the rest in plain numbers: a snapshot is taken while lines wait.
 */
import type { LineReference } from "../events/log-batch.ts"
import { type RuntimeAlertSnapshot, restoreAlert, snapshotAlert } from "./overflow/alert-snapshot.ts"
import { Bucket } from "./bucket/bucket.ts"
import { type Counters, Engine, type EngineOptions } from "./engine.ts"
import { contentOf, type EventContent, type EventPlace, fillMaps, restoreContent } from "./event/event-content.ts"
import { LineParser } from "./parse/line-parser.ts"
import type { GeoLookup } from "./world/geo.ts"
import type { Names } from "./world/names.ts"
import type { RaisedOverflow } from "./overflow/parked.ts"
import { LOG, PipelineEvent } from "./event/pipeline-event.ts"
import { type LineOrigin, QueuedEvent, queuedOf } from "./event/queued-event.ts"
import type { Ruleset } from "./ruleset.ts"
import type { Scenario } from "./bucket/scenario.ts"
import type { SourceClocks } from "./source-clocks.ts"
import type { StashSnapshot } from "./world/stash.ts"

export const snapshotVersion = 5

export interface EngineSnapshot {
  readonly version: typeof snapshotVersion
  /** Hash of the rules that judged last. */
  readonly ruleset: string
  readonly counters: Counters
  readonly clocks: ReturnType<SourceClocks["snapshot"]>
  readonly names: ReturnType<Names["snapshot"]>
  readonly stashes: ReadonlyArray<readonly [name: string, stash: StashSnapshot]>
  /** In the order in which they were poured into, home by home. */
  readonly buckets: Iterable<BucketSnapshot>
  /** Identities of the scenarios that have buckets. */
  readonly scenarios: ReadonlyArray<string>
  readonly events: EventsSnapshot
  readonly blackholes: ReadonlyArray<{
    readonly scenario: string
    readonly ends: ReadonlyArray<readonly [group: string, end: number]>
  }>
  readonly parked: ReadonlyArray<ParkedSnapshot>
}

/** Every event that a queue holds, once. */
interface EventsSnapshot {
  /** Ids of the batches (or overflows, for those that were poured again) that they come from. */
  readonly origins: ReadonlyArray<string>
  /** For each event three numbers: index of its origin, line, and detection time in microseconds since 1970. */
  readonly lines: ReadonlyArray<number>
  /** Of the batches that the log is about to forget: what their lines need, by the index of the origin. */
  readonly going?: ReadonlyArray<readonly [origin: number, line: LineOrigin]>
  /** What some of the events have beside it. */
  readonly more: ReadonlyArray<readonly [index: number, more: MoreOfEvent]>
}

interface MoreOfEvent {
  /** Where it is another than the origin. */
  readonly correlation?: string
  /** What parsing the line again would not give; of an overflow, what was written to it. */
  readonly content?: EventContent
  /** The line, where the log is about to forget it. */
  readonly text?: string
  /** For an overflow that was poured again. */
  readonly overflow?: RuntimeAlertSnapshot
}

type BucketSnapshot = readonly [
  /** Index into `scenarios`. */
  scenario: number,
  group: string,
  tokens: number,
  drained: number,
  first: number,
  last: number,
  total: number,
  /** Indices of events. */
  queue: ReadonlyArray<number>,
  seen: ReadonlyArray<string>,
  proven: ReadonlyArray<number>
]

interface ParkedSnapshot {
  readonly question: string
  readonly waiting: ReadonlyArray<Omit<RaisedOverflow, "alert"> & { readonly alert: RuntimeAlertSnapshot }>
}

/** Values told once, each by its index from then on. */
class Told<A> {
  readonly values: Array<A> = []
  readonly #indices = new Map<A, number>()

  /** The index of a value, a new one when it was not told yet. */
  of(value: A): number {
    let index = this.#indices.get(value)
    if (index === undefined) {
      index = this.values.push(value) - 1
      this.#indices.set(value, index)
    }
    return index
  }
}

/** A list of which each item is made when its turn has come, and let go of. As JSON it is an array. */
class Listed<A> {
  readonly #make: () => Iterable<A>

  constructor(make: () => Iterable<A>) {
    this.#make = make
  }

  toJSON(): ReadonlyArray<A> {
    return [...this]
  }

  [Symbol.iterator](): Iterator<A> {
    return this.#make()[Symbol.iterator]()
  }
}

/**
 * To be written down before the engine goes on: buckets are many, so each is told when its turn has come. `isGoing`: whether
 * the log is about to forget a batch.
 */
export const snapshotEngine = (engine: Engine, isGoing: (batch: string) => boolean = () => false): EngineSnapshot => {
  const events = new Told<QueuedEvent>()
  const scenarios = new Told<string>()
  let toldAll = false
  let told: EventsSnapshot | undefined
  const buckets = new Listed(function* () {
    for (const home of engine.buckets.values())
      for (const bucket of home.open()) yield snapshotBucket(bucket, events, scenarios)
    toldAll = true
  })
  return {
    version: snapshotVersion,
    ruleset: engine.ruleset.hash,
    counters: { ...engine.counters },
    clocks: engine.clocks.snapshot(),
    names: engine.world.names.snapshot(),
    stashes: engine.world.stashes.snapshot(),
    buckets,
    scenarios: scenarios.values,
    /** Those that the buckets named. */
    get events() {
      if (!toldAll) for (const _ of buckets);
      told ??= snapshotEvents(events.values, engine.ruleset.parsing, isGoing)
      return told
    },
    blackholes: Array.from(engine.overflows.blackholes, ([scenario, blackhole]) => ({
      scenario,
      ends: [...blackhole.entries()]
    })),
    parked: Array.from(engine.overflows.parked.entries(), ([question, waiting]) => ({
      question,
      waiting: waiting.map((raised) => ({ ...raised, alert: snapshotAlert(raised.alert) }))
    }))
  }
}

const snapshotBucket = (bucket: Bucket, events: Told<QueuedEvent>, scenarios: Told<string>): BucketSnapshot => [
  scenarios.of(bucket.scenario.identity),
  bucket.group,
  bucket.tokens,
  bucket.drained,
  bucket.first,
  bucket.last,
  bucket.Total_count,
  bucket.Queue.map((event) => events.of(event)),
  [...bucket.seen],
  bucket.scenario.bayesian === undefined ? [] : [...bucket.belief.proven]
]

const snapshotEvents = (
  events: ReadonlyArray<QueuedEvent>,
  parsing: string,
  isGoing: (batch: string) => boolean
): EventsSnapshot => {
  const origins = new Told<string>()
  const going = new Map<number, LineOrigin>()
  const lines: Array<number> = []
  const more: Array<readonly [number, MoreOfEvent]> = []
  for (const [index, event] of events.entries()) {
    const { reference, correlation, at } = event
    const origin = origins.of(reference.event)
    lines.push(origin, reference.line, at)
    const own = correlation === reference.event ? {} : { correlation }
    if (event.Type !== LOG) more.push([index, { ...own, overflow: snapshotAlert(event.Overflow), ...writtenTo(event) }])
    else if (event.isKept || event.parsing !== parsing) more.push([index, { ...own, content: contentOf(event) }])
    else if (isGoing(reference.event)) {
      if (!going.has(origin)) going.set(origin, event.lineOrigin!)
      more.push([index, { ...own, text: event.raw }])
    } else if (correlation !== reference.event) more.push([index, own])
  }
  return { origins: origins.values, lines, ...(going.size === 0 ? {} : { going: [...going] }), more }
}

/** The batches whose lines must be read again to restore the snapshot. */
export const batchesOf = ({ events: { origins, lines, more } }: EngineSnapshot): ReadonlySet<string> => {
  const whole = new Set(
    more.flatMap(([index, { content, overflow, text }]) =>
      content === undefined && overflow === undefined && text === undefined ? [] : [index]
    )
  )
  const batches = new Set<string>()
  for (let index = 0; 3 * index < lines.length; index++) {
    if (!whole.has(index)) batches.add(origins[lines[3 * index]!]!)
  }
  return batches
}

/** What filters wrote to an overflow that was poured again: it came without. */
const writtenTo = (queued: QueuedEvent): Pick<MoreOfEvent, "content"> => {
  const { Parsed, Enriched, Meta, Unmarshaled } = queued.event
  return [Parsed, Enriched, Meta, Unmarshaled].some(({ size }) => size > 0) ? { content: contentOf(queued) } : {}
}

/** Where a line is found again: its batch and its text. */
export type FindLine = (reference: LineReference) => { readonly batch: LineOrigin; readonly text: string } | undefined

/** A snapshot that cannot be used; the log must be folded from an earlier place. Code `TST-ENGINE-SNAPSHOT`. */
export class SnapshotError extends Error {
  override readonly name = "SnapshotError"
  readonly code = "TST-ENGINE-SNAPSHOT"
}

/**
 * An engine that goes on as if it had never stopped. `ruleset` must be the one that the snapshot names.
 * Throws {@link SnapshotError} when it is not, and when a line that a bucket holds is not found any more.
 */
export const restoreEngine = (
  ruleset: Ruleset,
  snapshot: EngineSnapshot,
  lines: FindLine,
  options?: EngineOptions
): Engine => {
  if (snapshot.version !== snapshotVersion)
    throw new SnapshotError(`the snapshot has version ${snapshot.version}, and not ${snapshotVersion}`)
  if (snapshot.ruleset !== ruleset.hash)
    throw new SnapshotError(`the snapshot belongs to the rules ${snapshot.ruleset}, and not to ${ruleset.hash}`)
  const engine = new Engine(ruleset, options)
  Object.assign(engine.counters, snapshot.counters)
  engine.clocks.restore(snapshot.clocks)
  engine.world.names.restore(snapshot.names)
  engine.world.stashes.restore(snapshot.stashes)
  const events = restoreEvents(ruleset, snapshot.events, lines, engine.world.lookup)
  const known = new Map(ruleset.scenarios.map((scenario) => [scenario.identity, scenario]))
  const scenarios = snapshot.scenarios.map((identity) => known.get(identity))
  for (const bucket of snapshot.buckets) {
    const scenario = scenarios[bucket[0]]
    if (scenario !== undefined) engine.adopt(restoreBucket(scenario, bucket, events))
  }
  for (const { scenario, ends } of snapshot.blackholes) engine.overflows.blackholes.get(scenario)?.adopt(ends)
  for (const { question, waiting } of snapshot.parked) {
    for (const { alert, ...raised } of waiting)
      engine.overflows.parked.add(question, { ...raised, alert: restoreAlert(alert) })
  }
  return engine
}

const restoreBucket = (
  scenario: Scenario,
  [, group, tokens, drained, first, last, total, queue, seen, proven]: BucketSnapshot,
  events: ReadonlyArray<QueuedEvent>
): Bucket => {
  const bucket = new Bucket(scenario, group)
  bucket.tokens = tokens
  bucket.drained = drained
  bucket.first = first
  bucket.last = last
  bucket.Total_count = total
  bucket.restore(queue.map((index) => events[index]!))
  for (const value of seen) bucket.isNew(value)
  for (const index of proven) bucket.belief.proven.add(index)
  return bucket
}

const restoreEvents = (
  ruleset: Ruleset,
  { origins, lines, going = [], more }: EventsSnapshot,
  findLine: FindLine,
  geo: GeoLookup
): ReadonlyArray<QueuedEvent> => {
  const parsers = new Map<string, LineParser>()
  const batches = new Map(going.map(([origin, line]) => [origins[origin]!, line]))
  const events: Array<QueuedEvent> = []
  const find = ({ reference, correlation, at }: EventPlace, text: string | undefined): QueuedEvent => {
    const { event, line } = reference
    const batch = batches.get(event)
    const found = text === undefined || batch === undefined ? findLine(reference) : { batch, text }
    if (found === undefined)
      throw new SnapshotError(`line ${line} of the batch ${event}, which a bucket holds, is not in the log any more`)
    let parser = parsers.get(event)
    if (parser === undefined) {
      parser = new LineParser(ruleset, geo, { batch: event, correlation }, found.batch)
      parsers.set(event, parser)
    }
    // Those of one bucket stand together.
    return QueuedEvent.again({ at, index: line, raw: found.text }, parser, events.at(-1))
  }
  const moreOf = new Map(more)
  for (let index = 0; 3 * index < lines.length; index++) {
    const event = origins[lines[3 * index]!]!
    const reference = { event, line: lines[3 * index + 1]! }
    const { correlation = event, overflow, content, text } = moreOf.get(index) ?? {}
    const place = { reference, correlation, at: lines[3 * index + 2]! }
    if (overflow !== undefined) events.push(queuedOf(restoreOverflow(place, overflow, content)))
    else events.push(content === undefined ? find(place, text) : queuedOf(restoreContent(place, content)))
  }
  return events
}

const restoreOverflow = (
  { reference, correlation, at }: EventPlace,
  overflow: RuntimeAlertSnapshot,
  content: EventContent | undefined
): PipelineEvent => {
  const event = PipelineEvent.ofOverflow(reference, correlation, restoreAlert(overflow), at)
  event.isJudged = true
  if (content !== undefined) fillMaps(event, content)
  return event
}
