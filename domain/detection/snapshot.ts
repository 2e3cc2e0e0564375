/**
 * The engine's state as plain JSON, and back. Lines are not copied: a queue refers to them, and they are parsed again.
 * Only an event that parsing its line again would not give (a stash had a say in it, or other rules parsed it) is kept
 * with what it holds.
 */
import type { Time } from "../expression/time.ts"
import type { LineReference } from "../events/log-batch.ts"
import { type RuntimeAlertSnapshot, restoreAlert, snapshotAlert } from "./alert-snapshot.ts"
import { Bucket } from "./bucket.ts"
import { type Counters, Engine, type EngineOptions } from "./engine.ts"
import { type LineOrigin, LineParser } from "./line-parser.ts"
import type { GeoLookup } from "./geo.ts"
import type { Names } from "./names.ts"
import type { RaisedOverflow } from "./parked.ts"
import { LOG, PipelineEvent } from "./pipeline-event.ts"
import { QueuedEvent, queuedOf } from "./queued-event.ts"
import type { Ruleset } from "./ruleset.ts"
import type { SourceClocks } from "./source-clocks.ts"
import type { StashSnapshot } from "./stash.ts"
import { restoreValue, snapshotValue, type ValueSnapshot } from "./value-snapshot.ts"

export const snapshotVersion = 3

export interface EngineSnapshot {
  readonly version: typeof snapshotVersion
  /** Hash of the rules that judged last. */
  readonly ruleset: string
  readonly counters: Counters
  readonly clocks: ReturnType<SourceClocks["snapshot"]>
  readonly names: ReturnType<Names["snapshot"]>
  readonly stashes: ReadonlyArray<readonly [name: string, stash: StashSnapshot]>
  /** Every event that a queue holds, once. */
  readonly events: ReadonlyArray<EventSnapshot>
  /** In the order in which they were poured into, home by home. */
  readonly buckets: ReadonlyArray<BucketSnapshot>
  readonly blackholes: ReadonlyArray<{
    readonly scenario: string
    readonly ends: ReadonlyArray<readonly [group: string, end: number]>
  }>
  readonly parked: ReadonlyArray<ParkedSnapshot>
}

interface EventSnapshot extends LineReference {
  readonly correlation: string
  /** Detection time in microseconds since 1970. */
  readonly at: number
  /** What parsing the line again would not give. */
  readonly content?: EventContent
  /** For an overflow that was poured again. */
  readonly overflow?: RuntimeAlertSnapshot
}

interface EventContent {
  readonly raw: string
  readonly src: string
  readonly labels: ReadonlyArray<readonly [string, string]>
  readonly observed: ValueSnapshot
  readonly module: string
  readonly parsed: ReadonlyArray<readonly [string, string]>
  readonly enriched: ReadonlyArray<readonly [string, string]>
  readonly meta: ReadonlyArray<readonly [string, string]>
  readonly unmarshaled: ValueSnapshot
  readonly stage: string
  readonly strTime: string
  readonly strTimeFormat: string
  readonly marshaledTime: string
  readonly ruleset: string
}

interface BucketSnapshot {
  /** Identity of its scenario. */
  readonly scenario: string
  readonly group: string
  readonly tokens: number
  readonly drained: number
  readonly first: number
  readonly last: number
  readonly total: number
  /** Indices into `events`. */
  readonly queue: ReadonlyArray<number>
  readonly seen: ReadonlyArray<string>
  readonly proven: ReadonlyArray<number>
}

interface ParkedSnapshot {
  readonly address: string
  readonly waiting: ReadonlyArray<Omit<RaisedOverflow, "alert"> & { readonly alert: RuntimeAlertSnapshot }>
}

export const snapshotEngine = (engine: Engine): EngineSnapshot => {
  const events: Array<EventSnapshot> = []
  const indices = new Map<QueuedEvent, number>()
  const indexOf = (event: QueuedEvent): number => {
    const known = indices.get(event)
    if (known !== undefined) return known
    indices.set(event, events.length)
    return events.push(snapshotEvent(event, engine.ruleset.hash)) - 1
  }
  return {
    version: snapshotVersion,
    ruleset: engine.ruleset.hash,
    counters: { ...engine.counters },
    clocks: engine.clocks.snapshot(),
    names: engine.world.names.snapshot(),
    stashes: engine.world.stashes.snapshot(),
    buckets: Array.from(engine.buckets.values()).flatMap((buckets) =>
      Array.from(buckets.open(), (bucket) => snapshotBucket(bucket, indexOf))
    ),
    blackholes: Array.from(engine.blackholes, ([scenario, blackhole]) => ({
      scenario,
      ends: [...blackhole.entries()]
    })),
    events,
    parked: Array.from(engine.parked.entries(), ([address, waiting]) => ({
      address,
      waiting: waiting.map((raised) => ({ ...raised, alert: snapshotAlert(raised.alert) }))
    }))
  }
}

const snapshotBucket = (bucket: Bucket, indexOf: (event: QueuedEvent) => number): BucketSnapshot => ({
  scenario: bucket.scenario.identity,
  group: bucket.group,
  tokens: bucket.tokens,
  drained: bucket.drained,
  first: bucket.first,
  last: bucket.last,
  total: bucket.Total_count,
  queue: bucket.queue.Queue.map(indexOf),
  seen: [...bucket.seen],
  proven: [...bucket.proven]
})

const snapshotEvent = (queued: QueuedEvent, ruleset: string): EventSnapshot => {
  const { reference, correlation, at } = queued
  if (queued.Type !== LOG) return { ...reference, correlation, at, overflow: snapshotAlert(queued.Overflow) }
  if (!queued.isKept && queued.ruleset === ruleset) return { ...reference, correlation, at }
  const { event } = queued
  const { Line } = event
  return {
    ...reference,
    correlation,
    at,
    content: {
      raw: Line.Raw,
      src: Line.Src,
      labels: [...Line.Labels],
      observed: snapshotValue(Line.Time),
      module: Line.Module,
      parsed: [...event.Parsed],
      enriched: [...event.Enriched],
      meta: [...event.Meta],
      unmarshaled: snapshotValue(event.Unmarshaled),
      stage: event.Stage,
      strTime: event.StrTime,
      strTimeFormat: event.StrTimeFormat,
      marshaledTime: event.MarshaledTime,
      ruleset: event.ruleset
    }
  }
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
  const scenarios = new Map(ruleset.scenarios.map((scenario) => [scenario.identity, scenario]))
  for (const bucket of snapshot.buckets) {
    const scenario = scenarios.get(bucket.scenario)
    if (scenario !== undefined) engine.adopt(restoreBucket(new Bucket(scenario, bucket.group), bucket, events))
  }
  for (const { scenario, ends } of snapshot.blackholes) engine.blackholes.get(scenario)?.adopt(ends)
  for (const { address, waiting } of snapshot.parked) {
    for (const { alert, ...raised } of waiting) engine.parked.add(address, { ...raised, alert: restoreAlert(alert) })
  }
  return engine
}

const restoreBucket = (bucket: Bucket, snapshot: BucketSnapshot, events: ReadonlyArray<QueuedEvent>): Bucket => {
  bucket.tokens = snapshot.tokens
  bucket.drained = snapshot.drained
  bucket.first = snapshot.first
  bucket.last = snapshot.last
  bucket.Total_count = snapshot.total
  bucket.queue.restore(snapshot.queue.map((index) => events[index]!))
  for (const value of snapshot.seen) bucket.isNew(value)
  for (const index of snapshot.proven) bucket.prove(index)
  return bucket
}

const restoreEvents = (
  ruleset: Ruleset,
  snapshots: ReadonlyArray<EventSnapshot>,
  lines: FindLine,
  geo: GeoLookup
): ReadonlyArray<QueuedEvent> => {
  const parsers = new Map<string, LineParser>()
  const find = ({ event, line, correlation, at }: EventSnapshot): QueuedEvent => {
    const reference = { event, line }
    const found = lines(reference)
    if (found === undefined)
      throw new SnapshotError(`line ${line} of the batch ${event}, which a bucket holds, is not in the log any more`)
    let parser = parsers.get(event)
    if (parser === undefined) {
      parser = new LineParser(ruleset, geo, { batch: event, correlation }, found.batch)
      parsers.set(event, parser)
    }
    return QueuedEvent.again({ at, index: line, raw: found.text }, parser)
  }
  return snapshots.map((snapshot) => {
    const { event, line, correlation, at, overflow, content } = snapshot
    if (overflow !== undefined)
      return queuedOf(PipelineEvent.ofOverflow({ event, line }, correlation, restoreAlert(overflow), at))
    return content === undefined ? find(snapshot) : queuedOf(restoreContent(snapshot, content))
  })
}

const restoreContent = ({ event: batch, line: index, correlation, at }: EventSnapshot, content: EventContent) => {
  const event = PipelineEvent.kept()
  Object.assign(event.Line, {
    Raw: content.raw,
    Src: content.src,
    Time: restoreValue(content.observed) as Time,
    Labels: new Map(content.labels),
    Process: true,
    Module: content.module
  })
  const fill = <A>(map: Map<string, A>, entries: Iterable<readonly [string, A]>) => {
    for (const [key, value] of entries) map.set(key, value)
  }
  fill(event.Parsed, content.parsed)
  fill(event.Enriched, content.enriched)
  fill(event.Meta, content.meta)
  fill(event.Unmarshaled, restoreValue(content.unmarshaled) as Map<string, unknown>)
  return Object.assign(event, {
    batch,
    index,
    correlation,
    at,
    Stage: content.stage,
    StrTime: content.strTime,
    StrTimeFormat: content.strTimeFormat,
    MarshaledTime: content.marshaledTime,
    Process: true,
    ruleset: content.ruleset,
    singular: true
  })
}
