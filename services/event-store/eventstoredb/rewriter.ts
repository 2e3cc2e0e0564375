/**
 * Rewrites the beginnings of streams on a server that rewrites no event: see `segment.ts`.
 *
 * A segment is written, then it counts, then what it stands for is truncated. Each step may be the last before a crash, and
 * {@link Rewriter.finish} goes on behind any of them.
 */
import { randomUUID } from "node:crypto"
import type { Filter } from "@kurrent/kurrentdb-client"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { derivedId } from "../../../domain/events/derived-id.ts"
import { StreamRewritten } from "../../../domain/events/audit.ts"
import { offenderStreams } from "../../../domain/events/stream-name.ts"
import { formatTimestamp } from "../../../domain/time/instant.ts"
import { considerateAppendEvents, maxAppendBytes, type StoreUnavailable, storedBytes } from "../event-store.ts"
import { storeFailure } from "../failure.ts"
import type { Row } from "../row.ts"
import { storeFailureOf } from "./failure.ts"
import type { Reader } from "./reader.ts"
import { numberOf, receivedRow } from "./recorded.ts"
import type { Raw, RawStreams } from "./raw-streams.ts"
import { type Moved, type Segment, type SegmentIndex, segmentsStream, type } from "./segment.ts"
import type { Segments } from "./segments.ts"
import type { View } from "./view.ts"

/** What an event says from now on. */
export interface Rewritten {
  /** JSON. */
  readonly data: string
  /** Log lines that it lost. */
  readonly lines: number
}

/** The beginning of a stream, up to the last event that changes, and what becomes of it. */
export interface Stretch {
  readonly stream: string
  readonly through: number
  /** What the stream is called from now on; only for all of a stream. */
  readonly renamed?: string
  /** What the event says from now on, undefined where it stays as it is. */
  readonly rewrite: (row: Row) => Rewritten | undefined
}

const pageLength = 200
/** So many chunks an index holds; events of longer segments are read in larger ones. */
const mostChunks = 20_000
/** An append of moved events takes about so many bytes, one event at least; and what each says of its place. */
const appendBytes = 900_000
const aboutPlace = 300

export class Rewriter {
  readonly #shown: string
  readonly #reader: Reader
  readonly #streams: RawStreams
  readonly #segments: Segments
  readonly #view: View

  constructor(parts: {
    readonly shown: string
    readonly reader: Reader
    readonly streams: RawStreams
    readonly segments: Segments
    readonly view: View
  }) {
    this.#shown = parts.shown
    this.#reader = parts.reader
    this.#streams = parts.streams
    this.#segments = parts.segments
    this.#view = parts.view
  }

  #addToIndex(event: Raw): Effect.Effect<void, StoreUnavailable> {
    return Effect.gen({ self: this }, function* () {
      yield* this.#segments.read
      if (!(yield* this.#streams.append(segmentsStream, [event], this.#segments.end))) {
        return yield* Effect.fail(
          storeFailure(
            "TST-STORE-IN-USE",
            `Another process erases in ${this.#shown} at this moment. Try again when it is done.`
          )
        )
      }
      yield* this.#segments.read
    })
  }

  /**
   * Writes a stretch into a segment, which counts when this ends; what it stands for is there still. False: the stream shows
   * nothing of it any more, because retention has dropped it.
   */
  move({ stream, through: upTo, renamed, rewrite }: Stretch, by: string): Effect.Effect<boolean, StoreUnavailable> {
    return Effect.gen({ self: this }, function* () {
      const shown = this.#shown
      // What stands in a segment already comes along: only one stands for the beginning of a stream.
      const before = this.#segments.of(stream)
      const through = Math.max(upTo, before?.last ?? -1)
      const [oldest] = yield* this.#view.streamRows(stream, 0, 1)
      if (oldest === undefined || oldest.revision > through) return false
      const segment = `segment-${randomUUID()}`
      yield* this.#addToIndex({ id: randomUUID(), type: type.begun, data: { segment }, metadata: {} })
      const chunks: Array<[number, number, number]> = []
      const positions: Array<number> = []
      const types = new Set<string>()
      let first: number | undefined
      let written = -1
      let waiting: Array<Raw> = []
      let bytes = 0
      const flush = Effect.gen({ self: this }, function* () {
        if (waiting.length === 0) return
        const at = waiting.map(({ data }) => (data as Moved).position)
        if (!(yield* this.#streams.append(segment, waiting, written)))
          return yield* Effect.fail(
            storeFailure("TST-STORE-DAMAGED", `Somebody else writes to the stream ${segment} of ${shown}.`)
          )
        written += waiting.length
        chunks.push([at[0]!, at.at(-1)!, at.length])
        waiting = []
        bytes = 0
      })
      for (let from = 0; from <= through; ) {
        const rows = yield* this.#view.streamRows(stream, from, pageLength)
        if (rows.length === 0) break
        for (const row of rows) {
          if (row.revision > through) break
          const changed = rewrite(row)
          const text = changed?.data ?? row.data
          const size = Buffer.byteLength(text) + aboutPlace
          if (waiting.length === considerateAppendEvents || bytes + size > appendBytes) yield* flush
          first ??= row.revision
          types.add(row.type)
          positions.push(row.position)
          const { position, revision, id } = row
          const moved: Moved = {
            position,
            revision,
            id,
            type: row.type,
            data: JSON.parse(text),
            rewritten: changed !== undefined,
            lines: changed?.lines ?? 0
          }
          const metadata = { ...JSON.parse(row.metadata), recordedAt: row.recordedAt }
          waiting.push({ id: randomUUID(), type: type.moved, data: moved, metadata })
          bytes += size
        }
        from = rows.at(-1)!.revision + 1
      }
      yield* flush
      if (first === undefined) return false
      const now = yield* Clock.currentTimeMillis
      const isRenamed = renamed !== undefined || (before !== undefined && before.renamed !== null)
      const data: SegmentIndex = {
        segment,
        replaces: before === undefined ? [] : [...before.replaces, before.segment],
        stream: renamed ?? stream,
        first,
        last: first + written,
        types: [...types],
        chunks: joined(chunks),
        renamed: isRenamed ? distances(positions) : null,
        at: formatTimestamp(now),
        by
      }
      if (JSON.stringify(data).length > maxAppendBytes) return yield* Effect.fail(tooLong(written + 1))
      yield* this.#addToIndex({ id: randomUUID(), type: type.made, data, metadata: {} })
      return true
    })
  }

  /** Visits what a segment changed when it was made, and how many lines each event lost. */
  changes(segment: Segment, visit: (row: Row, lines: number) => void): Effect.Effect<void, StoreUnavailable> {
    const shown = this.#shown
    return Effect.gen({ self: this }, function* () {
      for (let from = 0; ; ) {
        const events = yield* this.#segments.written(segment, from, "forwards", pageLength)
        yield* Effect.try({
          try: () => {
            for (const event of events) {
              const row = receivedRow(this.#segments.shown(segment, event), shown)
              const { rewritten, lines } = event.data as Moved
              if (rewritten) visit(row, lines)
            }
          },
          catch: (error) => storeFailureOf(error, shown)
        })
        if (events.length === 0) return
        from = numberOf(events.at(-1)!.revision, shown) + 1
      }
    })
  }

  /** The segments there are, the older first. */
  readonly made: Effect.Effect<ReadonlyArray<Segment>, StoreUnavailable> = Effect.suspend(() =>
    Effect.map(this.#segments.read, () => [...this.#segments.made.values()])
  )

  /**
   * Truncates what segments stand for, and what was left over. Whoever reads has looked up by now which segments there are.
   *
   * @param isRenamed whether the events of a stream stand elsewhere under another name: the name is not written down
   * @param dropped streams of which retention has dropped events that are in the log until the next scavenge
   */
  finish(isRenamed: (stream: string) => boolean, dropped: Iterable<string>): Effect.Effect<void, StoreUnavailable> {
    return Effect.gen({ self: this }, function* () {
      yield* this.#segments.read
      const { made, begun } = this.#segments
      const left = [...begun].filter((segment) => !made.has(segment))
      const replaced = [...made.values()].filter((segment) => !this.#segments.isCurrent(segment))
      for (const segment of [...left, ...replaced.map(({ segment }) => segment)]) yield* this.#streams.empty(segment)
      for (const segment of made.values())
        if (this.#segments.isCurrent(segment) && segment.renamed === null) yield* this.#cut(segment)
      for (const stream of yield* this.#renamed(isRenamed)) yield* this.#leave(stream)
      for (const stream of dropped) yield* this.#streams.bury(stream)
      if (left.length + replaced.length > 0) yield* this.#renewIndex
    })
  }

  /** Writes the index anew, without what does not count any more: names of streams that were erased stand there as well. */
  readonly #renewIndex: Effect.Effect<void, StoreUnavailable> = Effect.gen({ self: this }, function* () {
    const first = this.#segments.end + 1
    for (const segment of this.#segments.made.values()) {
      if (!this.#segments.isCurrent(segment)) continue
      const { parts: _parts, ...data } = segment
      yield* this.#addToIndex({ id: randomUUID(), type: type.made, data, metadata: {} })
    }
    if (this.#segments.end < first)
      yield* this.#addToIndex({ id: randomUUID(), type: type.end, data: {}, metadata: {} })
    yield* this.#streams.truncate(segmentsStream, first)
    this.#segments.forget()
  })

  /** The streams whose events stand elsewhere under another name, and are on the server still. */
  #renamed(isRenamed: (stream: string) => boolean): Effect.Effect<ReadonlySet<string>, StoreUnavailable> {
    return Effect.gen({ self: this }, function* () {
      const streams = new Set<string>()
      for (let after = -1; ; ) {
        const { events, last } = yield* this.#reader.page(after, {
          filter: dossiers,
          take: (event) => event,
          size: { events: 1_000, bytes: storedBytes }
        })
        for (const event of events)
          if (isRenamed(event.streamId) && this.#segments.hides(event)) streams.add(event.streamId)
        if (events.length === 0) return streams
        after = last
      }
    })
  }

  /** Takes from a stream what stands elsewhere; somebody may have written behind it. */
  #leave(stream: string): Effect.Effect<void, StoreUnavailable> {
    return Effect.gen({ self: this }, function* () {
      if (yield* this.#streams.empty(stream, (last) => this.#segments.hides(last))) return
      const [first] = yield* this.#view.streamEvents(stream, { limit: 1 })
      if (first !== undefined) yield* this.#streams.truncate(stream, numberOf(first.revision, this.#shown))
    })
  }

  /** Truncates the stretch of a stream that stands in a segment. */
  #cut({ segment, stream, last }: Segment): Effect.Effect<void, StoreUnavailable> {
    return Effect.gen({ self: this }, function* () {
      for (;;) {
        const [end] = yield* this.#reader.streamEvents(stream, { direction: "backwards", limit: 1 })
        if (end === undefined) return // retention has dropped the stream
        const revision = numberOf(end.revision, this.#shown)
        if (revision > last) return yield* this.#streams.truncate(stream, last + 1)
        const now = yield* Clock.currentTimeMillis
        const { id, type, data, metadata } = StreamRewritten.propose(derivedId("rewritten", segment), {
          at: formatTimestamp(now),
          through: last
        })
        yield* this.#streams.append(stream, [{ id, type, data, metadata: { ...metadata, recordedAt: now } }], revision)
      }
    })
  }
}

/** The streams that an erasure renames. */
const dossiers = { filterOn: "streamName", prefixes: [offenderStreams], checkpointInterval: 1 } as Filter

/** Neighbours together, until there are few enough. */
const joined = (chunks: ReadonlyArray<[number, number, number]>): ReadonlyArray<[number, number, number]> => {
  const each = Math.ceil(chunks.length / mostChunks)
  if (each <= 1) return chunks
  return Array.from({ length: Math.ceil(chunks.length / each) }, (_, index) => {
    const group = chunks.slice(index * each, (index + 1) * each)
    return [group[0]![0], group.at(-1)![1], group.reduce((sum, [, , events]) => sum + events, 0)]
  })
}

const distances = (positions: ReadonlyArray<number>): ReadonlyArray<number> =>
  positions.map((position, index) => position - (positions[index - 1] ?? 0))

const tooLong = (events: number): StoreUnavailable =>
  storeFailure(
    "TST-STORE-LIMIT",
    `The dossier has ${events} events, more than one erasure on a server can move. Copy the log into an embedded store with ` +
      "`testudo log copy`, erase there, and copy it into an empty database."
  )
