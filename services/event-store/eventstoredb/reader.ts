/** Pages of one stream and of the whole log as the server has them. Every read has a timer: some are never answered. */
import type { Filter, ReadAllOptions, ReadStreamOptions } from "@kurrent/kurrentdb-client"
import * as Effect from "effect/Effect"
import type { ReadStreamOptions as StreamPage, StoreUnavailable } from "../event-store.ts"
import { storeFailure } from "../failure.ts"
import type { PageSize } from "../page-size.ts"
import { isStreamName } from "../proposal.ts"
import { type Connection, type Driver, NoAnswer } from "./connection.ts"
import { isStreamDeleted, isStreamNotFound, storeFailureOf, wantsNewClient } from "./failure.ts"
import type { Outage } from "./outage.ts"
import { positionOf, type ServerEvent } from "./recorded.ts"
import { visitAll } from "./visit-all.ts"

/** What is asked of the log. */
export interface Wanted<A> {
  /** What the server looks at. */
  readonly filter: Filter
  /** What is made of an event, undefined for one that is not meant. */
  readonly take: (event: ServerEvent) => A | undefined
  readonly until?: number
  readonly size: PageSize
}

export interface LogPage<A> {
  readonly events: ReadonlyArray<A>
  /** Position of the last event that was looked at; of the place itself when there was none. */
  readonly last: number
  /** The log had no more when it was read. */
  readonly isEnd: boolean
}

/** Once a read has shown events that do not count, so many are asked for at least: a read takes its time, however short. */
export const leastGlance = 64

/**
 * The server says nothing while it looks for something rare. As long as it answers other calls, it gets so many times a
 * call's time: ten minutes, in which it looks at many millions of events.
 */
const searchPatience = 60

/** So often a read at a position is tried beside one that works before the position is to blame. */
const positionAttempts = 3

/** About what an event takes in memory and on the wire: its size is not told, its position grows by it. */
class Bytes {
  #last: number | undefined
  total = 0

  add(position: number): void {
    if (this.#last !== undefined) this.total += Math.abs(position - this.#last)
    this.#last = position
  }
}

export class Reader {
  readonly #connection: Connection
  readonly #outage: Outage

  constructor(connection: Connection, outage: Outage) {
    this.#connection = connection
    this.#outage = outage
  }

  /** A call that is repeated until it is answered, with a new client where the old one is no good. */
  call<A>(use: (driver: Driver) => Promise<A>): Effect.Effect<A, StoreUnavailable> {
    return this.#outage.outlast("read", (attempt) => this.#once(use, attempt))
  }

  #once<A>(use: (driver: Driver) => Promise<A>, attempt: number): Effect.Effect<A, StoreUnavailable> {
    return Effect.tryPromise({
      try: async () => {
        const driver = await this.#connection.driver()
        try {
          return await use(driver)
        } catch (error) {
          if (wantsNewClient(error, attempt)) void this.#connection.replace(driver)
          throw await this.#connection.explained(error)
        }
      },
      catch: (error) => storeFailureOf(error, this.#connection.shown)
    })
  }

  /** Position of the last event that is no system event, -1 when there is none. */
  readonly head: Effect.Effect<number, StoreUnavailable> = Effect.suspend(() =>
    this.call((driver) => this.#head(driver))
  )

  async #head({ client, package: { excludeSystemEvents } }: Driver): Promise<number> {
    let head = -1
    const last = client.readAll({
      direction: "backwards",
      fromPosition: "end",
      maxCount: 1,
      filter: excludeSystemEvents()
    })
    await visitAll(last, this.#connection.callTimeout, (event) => {
      head = positionOf(event, this.#connection.shown)
      return false
    })
    return head
  }

  /**
   * A read that may be silent for long, from `read` on, which begins where the last event was visited. One that is silent
   * may as well be lost: it is made once more, and waited for as long as the server answers others.
   */
  async #search(
    driver: Driver,
    read: () => AsyncIterable<{ readonly event?: ServerEvent }>,
    visit: (event: ServerEvent) => boolean
  ): Promise<void> {
    const { callTimeout } = this.#connection
    const answers = async () => {
      await this.#head(driver)
      return true
    }
    try {
      return await visitAll(read(), callTimeout, visit)
    } catch (error) {
      if (!(error instanceof NoAnswer)) throw error
      await answers()
    }
    let silences = 0
    await visitAll(read(), callTimeout, visit, async () => ++silences < searchPatience && answers())
  }

  /**
   * A read at a position. The server fails at one that no event ever had, and the client says no more than that: when
   * other reads succeed meanwhile, it is the position. Fails with `TST-STORE-POSITION` then.
   */
  #at<A>(position: number, use: (driver: Driver) => Promise<A>): Effect.Effect<A, StoreUnavailable> {
    const { shown } = this.#connection
    const attempt = (number: number, left: number): Effect.Effect<A, StoreUnavailable> =>
      this.#once(use, number).pipe(
        Effect.catch((error) => {
          if (error.code !== "TST-STORE-AWAY") return Effect.fail(error)
          if (left > 1)
            return Effect.andThen(
              this.#once((driver) => this.#head(driver), number),
              attempt(number, left - 1)
            )
          const message = `There is no position ${position} in the event store ${shown}: it is that of another log.`
          return Effect.fail(storeFailure("TST-STORE-POSITION", message))
        })
      )
    return position < 0 ? this.call(use) : this.#outage.outlast("read", (number) => attempt(number, positionAttempts))
  }

  /**
   * The next events behind a position that `take` makes something of, and none behind `until`, at which an event is or was.
   */
  page<A>(
    after: number,
    { filter, take, until = Number.POSITIVE_INFINITY, size }: Wanted<A>
  ): Effect.Effect<LogPage<A>, StoreUnavailable> {
    const { shown } = this.#connection
    return this.#at(after, async (driver) => {
      const events: Array<A> = []
      const bytes = new Bytes()
      let last = after
      let isPast = false
      // What does not pass here counts there, so one read may not fill the page.
      for (;;) {
        // Reads begin with the event at the position, which is left out: what is scavenged meanwhile cannot skip another.
        let maxCount = 0
        let seen = 0
        const read = () => {
          const missing = size.events - events.length
          maxCount = Math.max(missing, last === after ? 1 : leastGlance) + (last < 0 ? 0 : 1)
          seen = 0
          return driver.client.readAll({ maxCount, filter, direction: "forwards", ...placeOf(last) })
        }
        await this.#search(driver, read, (event) => {
          seen += 1
          const position = positionOf(event, shown)
          if (position <= last) return true
          isPast = position > until
          if (isPast) return false
          last = position
          bytes.add(position)
          const taken = take(event)
          if (taken !== undefined) events.push(taken)
          return events.length < size.events && bytes.total < size.bytes
        })
        if (isPast) return { events, last: until, isEnd: false }
        const isFull = events.length >= size.events || bytes.total >= size.bytes
        if (isFull || seen < maxCount) return { events, last, isEnd: !isFull }
      }
    })
  }

  /** The last events of the log that `take` makes something of, at most so many, in their order. */
  last<A>(
    limit: number,
    { filter, take }: Pick<Wanted<A>, "filter" | "take">
  ): Effect.Effect<ReadonlyArray<A>, StoreUnavailable> {
    const { shown } = this.#connection
    return this.call(async (driver) => {
      const events: Array<A> = []
      let before: number | undefined
      for (;;) {
        let maxCount = 0
        let seen = 0
        const read = () => {
          maxCount = Math.max(limit - events.length, leastGlance)
          seen = 0
          const place = before === undefined ? { fromPosition: "end" as const } : placeOf(before)
          return driver.client.readAll({ maxCount, filter, direction: "backwards", ...place })
        }
        await this.#search(driver, read, (event) => {
          seen += 1
          before = positionOf(event, shown)
          const taken = take(event)
          if (taken !== undefined) events.push(taken)
          return events.length < limit
        })
        if (events.length >= limit || seen < maxCount) return events.reverse()
      }
    })
  }

  /** The event at exactly this position, whatever it is. */
  eventAt(position: number): Effect.Effect<ServerEvent | undefined, StoreUnavailable> {
    if (!Number.isSafeInteger(position) || position < 0) return Effect.succeed(undefined)
    const { shown, callTimeout } = this.#connection
    return this.#at(position, async ({ client }) => {
      let found: ServerEvent | undefined
      const options: ReadAllOptions = { maxCount: 1, direction: "forwards", ...placeOf(position) }
      await visitAll(client.readAll(options), callTimeout, (event) => {
        if (positionOf(event, shown) === position) found = event
        return false
      })
      return found
    }).pipe(
      Effect.catch((error) => (error.code === "TST-STORE-POSITION" ? Effect.succeed(undefined) : Effect.fail(error)))
    )
  }

  /** The events of a stream as they are, at most so many; none for a stream that is missing or deleted. */
  streamEvents(
    stream: string,
    { from, direction = "forwards", limit = 1000 }: StreamPage
  ): Effect.Effect<ReadonlyArray<ServerEvent>, StoreUnavailable> {
    if (!isStreamName(stream)) return Effect.succeed([])
    return this.call(async ({ client }) => {
      const events: Array<ServerEvent> = []
      // A direction counts only together with a revision; `start` goes forwards and `end` backwards whatever it says.
      const fromRevision = from === undefined ? (direction === "forwards" ? "start" : "end") : BigInt(from)
      const options: ReadStreamOptions = { direction, fromRevision, maxCount: limit }
      try {
        await visitAll(
          client.readStream(stream, options),
          this.#connection.callTimeout,
          (event) => events.push(event) < limit
        )
      } catch (error) {
        if (!isStreamNotFound(error) && !isStreamDeleted(error)) throw error
      }
      return events
    })
  }
}

const placeOf = (position: number): Pick<ReadAllOptions, "fromPosition"> =>
  position < 0 ? { fromPosition: "start" } : { fromPosition: { commit: BigInt(position), prepare: BigInt(position) } }
