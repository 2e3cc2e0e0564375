/** Which segments there are (see `segment.ts`), and the events in them, in global order and by their streams. */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type { StoreUnavailable } from "../event-store.ts"
import { storeFailure } from "../failure.ts"
import type { PageSize } from "../page-size.ts"
import { storeFailureOf } from "./failure.ts"
import type { Reader } from "./reader.ts"
import { numberOf, positionOf, type ServerEvent } from "./recorded.ts"
import { type Chunk, isIndex, type Segment, segmentOf, segmentsStream, shownIn, type } from "./segment.ts"

/** Events of segments in global order, and how far that is all of them. */
export interface MovedPage {
  readonly events: ReadonlyArray<ServerEvent>
  readonly until: number
}

/** What a page is to hold of segments. */
export interface MovedWanted {
  readonly isWanted: (type: string) => boolean
  readonly isOn: (stream: string) => boolean
  readonly size: PageSize
}

/** So many chunks are remembered. */
const remembered = 16

const byPosition = (left: ServerEvent, right: ServerEvent): number =>
  Number((left.position?.commit ?? 0n) - (right.position?.commit ?? 0n))

export class Segments {
  readonly #reader: Reader
  readonly #shown: string
  readonly #age: number
  readonly #byStream = new Map<string, Segment>()
  /** Positions of events that stood on streams with another name. */
  readonly #renamed = new Set<number>()
  /** All that the index tells of by name, in their order. */
  readonly made = new Map<string, Segment>()
  readonly begun = new Set<string>()
  /** Of segments that retention has truncated: the first revision that is left, `Infinity` when there is none. */
  readonly #keptFrom = new Map<string, number>()
  /** The chunks that were read last: short pages go through each of them several times. */
  readonly #lastRead = new Map<string, ReadonlyArray<ServerEvent>>()
  /** Revision of the last event of the index that was read. */
  end = -1
  #readAt = Number.NEGATIVE_INFINITY

  /** @param age which segments there are is looked up again after so many milliseconds */
  constructor(reader: Reader, shown: string, age: number) {
    this.#reader = reader
    this.#shown = shown
    this.#age = age
  }

  get isEmpty(): boolean {
    return this.#byStream.size === 0
  }

  of(stream: string): Segment | undefined {
    return this.#byStream.get(stream)
  }

  /** Whether no later segment has taken its events over. */
  isCurrent({ segment, stream }: Segment): boolean {
    return this.#byStream.get(stream)?.segment === segment
  }

  /** Retention has dropped events of a segment. */
  dropped(): void {
    this.#lastRead.clear()
  }

  /** Forgets what the index does not tell of any more. */
  forget(): void {
    for (const [name, segment] of this.made) if (!this.isCurrent(segment)) this.made.delete(name)
    this.begun.clear()
  }

  /** Brings it up to date when it is too old. */
  readonly refreshed: Effect.Effect<void, StoreUnavailable> = Effect.suspend(() =>
    Effect.flatMap(Clock.currentTimeMillis, (now) =>
      now - this.#readAt < this.#age
        ? Effect.void
        : Effect.andThen(
            this.read,
            Effect.sync(() => {
              this.#readAt = now
            })
          )
    )
  )

  /** Reads what was added to the index. */
  readonly read: Effect.Effect<void, StoreUnavailable> = Effect.gen({ self: this }, function* () {
    for (;;) {
      const added = yield* this.#reader.streamEvents(segmentsStream, { from: this.end + 1, limit: 100 })
      for (const event of added) yield* this.#add(event)
      if (added.length < 100) return
    }
  })

  #add(event: ServerEvent): Effect.Effect<void, StoreUnavailable> {
    const revision = numberOf(event.revision, this.#shown)
    if (revision <= this.end) return Effect.void // somebody read it at the same time
    this.end = revision
    const { data } = event
    if (event.type === type.begun) {
      this.begun.add(String((data as { readonly segment?: unknown } | null)?.segment))
      return Effect.void
    }
    if (event.type !== type.made) return Effect.void
    if (!isIndex(data)) return Effect.fail(this.#damaged(`revision ${revision} of the stream ${segmentsStream}`))
    if (this.made.has(data.segment)) return Effect.void // the index was written anew
    const segment = segmentOf(data)
    for (const name of data.replaces) {
      const before = this.made.get(name)
      if (before !== undefined && this.isCurrent(before)) this.#byStream.delete(before.stream)
    }
    this.made.set(data.segment, segment)
    this.#byStream.set(data.stream, segment)
    let position = 0
    for (const distance of data.renamed ?? []) {
      position += distance
      this.#renamed.add(position)
    }
    return Effect.void
  }

  #damaged(where: string): StoreUnavailable {
    const message = `${where} of the event store ${this.#shown} is not what an erasure wrote there. Restore a backup.`
    return storeFailure("TST-STORE-DAMAGED", message)
  }

  /** Whether another stands in the place of an event that the server has still. */
  hides(event: ServerEvent): boolean {
    const segment = this.#byStream.get(event.streamId)
    if (segment !== undefined && segment.renamed === null && event.revision <= BigInt(segment.last)) return true
    return this.#renamed.size > 0 && this.#renamed.has(positionOf(event, this.#shown))
  }

  /** An event of a segment as it stands in the log. Throws `TST-STORE-DAMAGED`. */
  shown(segment: Segment, event: ServerEvent): ServerEvent {
    const shown = shownIn(segment, event)
    if (shown !== undefined) return shown
    throw this.#damaged(`Revision ${event.revision} of the stream ${event.streamId}`)
  }

  /** The events of a segment by their revisions on the stream that shows them: those that retention left. */
  events(
    segment: Segment,
    {
      from,
      direction,
      limit
    }: { readonly from: number; readonly direction: "forwards" | "backwards"; readonly limit: number }
  ): Effect.Effect<ReadonlyArray<ServerEvent>, StoreUnavailable> {
    const at = Math.max(from, segment.first) - segment.first
    return Effect.flatMap(this.written(segment, at, direction, limit), (events) =>
      Effect.try({
        try: () => events.map((event) => this.shown(segment, event)),
        catch: (error) => storeFailureOf(error, this.#shown)
      })
    )
  }

  /** The same as they are written. */
  written(segment: Segment, from: number, direction: "forwards" | "backwards", limit: number) {
    return Effect.map(this.#reader.streamEvents(segment.segment, { from, direction, limit }), (events) =>
      events.filter((event) => event.type !== type.end)
    )
  }

  #isGone(segment: Segment, { at, events }: Chunk): boolean {
    return at + events <= (this.#keptFrom.get(segment.segment) ?? 0)
  }

  #chunk(segment: Segment, chunk: Chunk): Effect.Effect<ReadonlyArray<ServerEvent>, StoreUnavailable> {
    if (this.#isGone(segment, chunk)) return Effect.succeed([])
    const { at, events } = chunk
    const key = `${segment.segment}@${at}`
    const known = this.#lastRead.get(key)
    if (known !== undefined) return Effect.succeed(known)
    return Effect.map(
      this.events(segment, { from: segment.first + at, direction: "forwards", limit: events }),
      (read) => {
        // Of one that retention has truncated, reads begin later.
        const first = read[0] === undefined ? Number.POSITIVE_INFINITY : Number(read[0].revision) - segment.first
        if (first > at) this.#keptFrom.set(segment.segment, first)
        const chunk = read.filter(({ revision }) => revision < BigInt(segment.first + at + events))
        this.#lastRead.set(key, chunk)
        if (this.#lastRead.size > remembered) this.#lastRead.delete(this.#lastRead.keys().next().value!)
        return chunk
      }
    )
  }

  #matching({ isWanted, isOn }: MovedWanted): ReadonlyArray<Segment> {
    return [...this.#byStream.values()].filter(({ stream, types }) => isOn(stream) && types.some(isWanted))
  }

  /** The first events behind a position. */
  after(position: number, wanted: MovedWanted): Effect.Effect<MovedPage, StoreUnavailable> {
    return Effect.gen({ self: this }, function* () {
      const cursors = this.#matching(wanted).map((segment) => ({ segment, next: firstBehind(segment.parts, position) }))
      let events: Array<ServerEvent> = []
      let bytes = 0
      for (;;) {
        const nearest = cursors.reduce<(typeof cursors)[number] | undefined>((near, cursor) => {
          const chunk = cursor.segment.parts[cursor.next]
          if (chunk === undefined) return near
          return near === undefined || chunk.from < near.segment.parts[near.next]!.from ? cursor : near
        }, undefined)
        if (nearest === undefined) return { events, until: Number.POSITIVE_INFINITY }
        const chunk = nearest.segment.parts[nearest.next]!
        // No event that is not read yet stands before this chunk.
        const sure = events.filter((event) => positionOf(event, this.#shown) < chunk.from)
        if (sure.length > 0 && (sure.length >= wanted.size.events || bytes >= wanted.size.bytes))
          return { events: sure, until: positionOf(sure.at(-1)!, this.#shown) }
        const read = yield* this.#chunk(nearest.segment, chunk)
        nearest.next += 1
        bytes += sizeOf(read)
        const meant = read.filter((event) => positionOf(event, this.#shown) > position && wanted.isWanted(event.type))
        events = [...events, ...meant].sort(byPosition)
      }
    })
  }

  /** The last events, at most so many, in their order; none before a position. */
  last(
    limit: number,
    from: number,
    wanted: Omit<MovedWanted, "size">
  ): Effect.Effect<ReadonlyArray<ServerEvent>, StoreUnavailable> {
    return Effect.gen({ self: this }, function* () {
      const chunks = this.#matching({ ...wanted, size: { events: limit, bytes: 0 } })
        .flatMap((segment) => segment.parts.map((chunk) => ({ segment, chunk })))
        .filter(({ chunk }) => chunk.to >= from)
        .sort((left, right) => right.chunk.to - left.chunk.to)
      let events: Array<ServerEvent> = []
      for (const { segment, chunk } of chunks) {
        if (events.filter((event) => positionOf(event, this.#shown) > chunk.to).length >= limit) break
        const read = yield* this.#chunk(segment, chunk)
        events = [...events, ...read.filter((event) => wanted.isWanted(event.type))].sort(byPosition).slice(-limit)
      }
      return events.filter((event) => positionOf(event, this.#shown) >= from)
    })
  }

  /** The event that stood at exactly this position. */
  at(position: number): Effect.Effect<ServerEvent | undefined, StoreUnavailable> {
    return Effect.gen({ self: this }, function* () {
      for (const segment of this.#byStream.values()) {
        const chunk = segment.parts[firstBehind(segment.parts, position - 1)]
        if (chunk === undefined || chunk.from > position) continue
        const found = (yield* this.#chunk(segment, chunk)).find((event) => positionOf(event, this.#shown) === position)
        if (found !== undefined) return found
      }
      return undefined
    })
  }
}

/** Index of the first chunk that has an event behind a position. */
const firstBehind = (chunks: ReadonlyArray<Chunk>, position: number): number => {
  let [low, high] = [0, chunks.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if (chunks[middle]!.to <= position) low = middle + 1
    else high = middle
  }
  return low
}

/** About what they take: bodies of batches are large. */
const sizeOf = (events: ReadonlyArray<ServerEvent>): number =>
  events.reduce((sum, { data }) => {
    const { body } = data as { readonly body?: unknown }
    return sum + (typeof body === "string" ? body.length : 1_000)
  }, 0)
