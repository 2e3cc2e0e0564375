/** The log as the port shows it: what the server has, with the rewritten stretches of streams in their old places. */
import * as Effect from "effect/Effect"
import type { TestudoEvent } from "../../../domain/events/catalogue.ts"
import {
  type EventFilter,
  type ReadStreamOptions as StreamPage,
  type StoreUnavailable,
  storedBytes
} from "../event-store.ts"
import type { Row } from "../row.ts"
import type { PageSize } from "../page-size.ts"
import { storeFailureOf } from "./failure.ts"
import { everything, type SplitFilter, splitFilter } from "./filter.ts"
import { leastGlance, type LogPage, type Reader } from "./reader.ts"
import { numberOf, receivedEvent, receivedRow, type ServerEvent } from "./recorded.ts"
import type { Segments } from "./segments.ts"

/** What is made of the server's events. */
type Decode<A> = (event: ServerEvent) => A | undefined

interface Placed {
  readonly position: number
}

const nothing = <A>(after: number): LogPage<A> => ({ events: [], last: after, isEnd: true })

const inOrder = (left: Placed, right: Placed): number => left.position - right.position

export class View {
  readonly #reader: Reader
  readonly #segments: Segments
  readonly #shown: string
  readonly #event: Decode<TestudoEvent>
  readonly #row: Decode<Row>

  constructor(reader: Reader, segments: Segments, shown: string) {
    this.#reader = reader
    this.#segments = segments
    this.#shown = shown
    this.#event = (event) => receivedEvent(event, shown)
    this.#row = (event) => receivedRow(event, shown)
  }

  /** The next events behind a position that pass the filter. */
  page(after: number, filter: EventFilter, size: PageSize): Effect.Effect<LogPage<TestudoEvent>, StoreUnavailable> {
    const split = splitFilter(filter)
    return split === undefined ? Effect.succeed(nothing(after)) : this.#page(after, split, size, this.#event)
  }

  /** The next events behind a position as they are stored; none only at the end of the log. */
  rows(after: number, limit: number): Effect.Effect<ReadonlyArray<Row>, StoreUnavailable> {
    return Effect.gen({ self: this }, function* () {
      for (let from = after; ; ) {
        const page = yield* this.#page(from, everything, { events: limit, bytes: storedBytes }, this.#row)
        // What is hidden counts for the bytes of a page.
        if (page.events.length > 0 || page.isEnd) return page.events
        from = page.last
      }
    })
  }

  #take<A>({ isWanted }: SplitFilter, decode: Decode<A>): Decode<A> {
    return (event) => (isWanted(event.type) && !this.#segments.hides(event) ? decode(event) : undefined)
  }

  /** A decoder's error is the port's. */
  #decoded<A>(
    events: ReadonlyArray<ServerEvent>,
    decode: Decode<A>
  ): Effect.Effect<ReadonlyArray<A>, StoreUnavailable> {
    return Effect.try({
      try: () => events.flatMap((event) => decode(event) ?? []),
      catch: (error) => storeFailureOf(error, this.#shown)
    })
  }

  #page<A extends Placed>(
    after: number,
    split: SplitFilter,
    size: PageSize,
    decode: Decode<A>
  ): Effect.Effect<LogPage<A>, StoreUnavailable> {
    return Effect.gen({ self: this }, function* () {
      yield* this.#segments.refreshed
      const wanted = { filter: split.server, take: this.#take(split, decode), size }
      if (this.#segments.isEmpty) return yield* this.#reader.page(after, wanted)
      const { events: found, until } = yield* this.#segments.after(after, { ...split, size })
      const moved = yield* this.#decoded(found, decode)
      const page = yield* this.#reader.page(after, { ...wanted, until })
      const reach = page.isEnd ? until : Math.min(page.last, until)
      const events = [...page.events, ...moved.filter(({ position }) => position <= reach)].sort(inOrder)
      if (events.length > size.events) {
        const kept = events.slice(0, size.events)
        return { events: kept, last: kept.at(-1)!.position, isEnd: false }
      }
      if (Number.isFinite(reach)) return { events, last: reach, isEnd: false }
      return { events, last: Math.max(page.last, moved.at(-1)?.position ?? -1), isEnd: true }
    })
  }

  /** The last events that pass the filter, in their order. */
  last(limit: number, filter: EventFilter): Effect.Effect<ReadonlyArray<TestudoEvent>, StoreUnavailable> {
    const split = splitFilter(filter)
    if (split === undefined) return Effect.succeed([])
    return Effect.gen({ self: this }, function* () {
      yield* this.#segments.refreshed
      const take = this.#take(split, this.#event)
      const last = yield* this.#reader.last(limit, { filter: split.server, take })
      if (this.#segments.isEmpty) return last
      const from = last.length < limit ? -1 : last[0]!.position
      const moved = yield* this.#decoded(yield* this.#segments.last(limit, from, split), this.#event)
      return [...last, ...moved].sort(inOrder).slice(-limit)
    })
  }

  eventAt(position: number): Effect.Effect<TestudoEvent | undefined, StoreUnavailable> {
    return this.#at(position, this.#event)
  }

  rowAt(position: number): Effect.Effect<Row | undefined, StoreUnavailable> {
    return this.#at(position, (event) => (everything.isWanted(event.type) ? this.#row(event) : undefined))
  }

  #at<A>(position: number, decode: Decode<A>): Effect.Effect<A | undefined, StoreUnavailable> {
    return Effect.gen({ self: this }, function* () {
      yield* this.#segments.refreshed
      const there = yield* this.#reader.eventAt(position)
      const found = there !== undefined && !this.#segments.hides(there) ? there : yield* this.#segments.at(position)
      return found === undefined ? undefined : (yield* this.#decoded([found], decode))[0]
    })
  }

  /** The events of a stream as they are, at most so many; none for a stream that is missing or deleted. */
  streamEvents(stream: string, options: StreamPage): Effect.Effect<ReadonlyArray<ServerEvent>, StoreUnavailable> {
    const { from, direction = "forwards", limit = 1000 } = options
    return Effect.gen({ self: this }, function* () {
      yield* this.#segments.refreshed
      const segment = this.#segments.of(stream)
      const behind = (at: number | undefined, most: number) => this.#unmoved(stream, at, direction, most)
      if (segment === undefined) return yield* behind(from, limit)
      const { last } = segment
      const moved = (at: number, most: number) =>
        most > 0 && at >= segment.first
          ? this.#segments.events(segment, { from: at, direction, limit: most })
          : Effect.succeed<ReadonlyArray<ServerEvent>>([])
      if (direction === "backwards") {
        const later = from !== undefined && from <= last ? [] : yield* behind(from, limit)
        return [...later, ...(yield* moved(Math.min(from ?? last, last), limit - later.length))]
      }
      const begin = Math.max(from ?? segment.first, segment.first)
      const earlier = begin > last ? [] : yield* moved(begin, limit)
      const missing = limit - earlier.length
      return missing === 0 ? earlier : [...earlier, ...(yield* behind(Math.max(from ?? 0, last + 1), missing))]
    })
  }

  /** What the server has of a stream and no segment stands for. */
  #unmoved(
    stream: string,
    from: number | undefined,
    direction: "forwards" | "backwards",
    limit: number
  ): Effect.Effect<ReadonlyArray<ServerEvent>, StoreUnavailable> {
    return Effect.gen({ self: this }, function* () {
      const found: Array<ServerEvent> = []
      for (let at = from; ; ) {
        const page = yield* this.#reader.streamEvents(stream, {
          direction,
          limit,
          ...(at === undefined ? {} : { from: at })
        })
        found.push(...page.filter((event) => !this.#segments.hides(event)).slice(0, limit - found.length))
        // Only what an erasure was about to truncate when it was interrupted is hidden here.
        if (page.length < limit || found.length === limit) return found
        const last = numberOf(page.at(-1)!.revision, this.#shown)
        if (direction === "backwards" && last === 0) return found
        at = direction === "forwards" ? last + 1 : last - 1
      }
    })
  }

  /** The events of a stream that this version knows, at most so many. */
  stream(stream: string, options: StreamPage): Effect.Effect<ReadonlyArray<TestudoEvent>, StoreUnavailable> {
    const { direction = "forwards", limit = 1000 } = options
    return Effect.gen({ self: this }, function* () {
      const known: Array<TestudoEvent> = []
      let from = options.from
      for (;;) {
        const wanted = from === options.from ? limit : Math.max(limit - known.length, leastGlance)
        const events = yield* this.streamEvents(stream, {
          direction,
          limit: wanted,
          ...(from === undefined ? {} : { from })
        })
        const decoded = yield* this.#decoded(events, this.#event)
        known.push(...decoded.slice(0, limit - known.length))
        if (events.length < wanted || known.length === limit) return known
        const last = numberOf(events.at(-1)!.revision, this.#shown)
        if (direction === "backwards" && last === 0) return known
        from = direction === "forwards" ? last + 1 : last - 1
      }
    })
  }

  /** The events of a stream as they are stored. */
  streamRows(stream: string, from: number, limit: number): Effect.Effect<ReadonlyArray<Row>, StoreUnavailable> {
    return Effect.flatMap(this.streamEvents(stream, { from, limit }), (events) => this.#decoded(events, this.#row))
  }
}
