/**
 * What is appended from now on, by anybody: one live subscription of this process for all who follow the log.
 *
 * The server drops a live subscription that lags by some events, none resumes by itself, and one from a position of which
 * the event was scavenged skips another. So history is never subscribed to, it is read; the subscription begins at the
 * end of the log, and as long as it lasts (an {@link Epoch}) it gives every event behind its beginning. When it ends,
 * everybody reads on from his own place, and a new one begins.
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type { TestudoEvent } from "../../../domain/events/catalogue.ts"
import type { StoreUnavailable } from "../event-store.ts"
import { Horizon } from "../horizon.ts"
import type { Connection } from "./connection.ts"
import { isDropped } from "./failure.ts"
import type { Reader } from "./reader.ts"
import { positionOf, receivedEvent, type ServerEvent } from "./recorded.ts"

/** How often the end of the log is looked up, in milliseconds: a subscription can go silent without an error. */
const lookEvery = 2_000
/** Pauses before a subscription is taken up again, in milliseconds: doubled up to the longest. */
const pause = { first: 50, longest: 2_000 }
/** What is kept of an epoch for those who are a little slower; whoever is slower than that reads. */
const kept = { events: 512, bytes: 8_000_000 }

/** An event that was pushed, decoded once for all. */
class LiveEvent {
  readonly position: number
  readonly raw: ServerEvent
  readonly #shown: string
  #decoded: { readonly event: TestudoEvent | undefined } | undefined

  constructor(raw: ServerEvent, shown: string) {
    this.position = positionOf(raw, shown)
    this.raw = raw
    this.#shown = shown
  }

  /** Throws `TST-STORE-DAMAGED`. */
  decoded(): TestudoEvent | undefined {
    this.#decoded ??= { event: receivedEvent(this.raw, this.#shown) }
    return this.#decoded.event
  }
}

/** One subscription while it lasts: every event that is appended after it was confirmed. */
export class Epoch {
  #events: Array<LiveEvent> = []
  #dropped = -1
  /** The log reaches this far as far as this subscription knows; undefined as long as nobody has looked. */
  last: number | undefined
  isOver = false

  add(event: LiveEvent): void {
    this.#events.push(event)
    this.last = event.position
    const surplus = this.#events.length - kept.events
    const span = event.position - this.#events[0]!.position
    if (surplus <= 0 && span <= kept.bytes) return
    // Half of it at once: cutting an array is dear.
    const from = Math.max(surplus, this.#events.length >>> 1)
    this.#dropped = this.#events[from - 1]!.position
    this.#events = this.#events.slice(from)
  }

  /** What came behind a position; undefined when not all of it is here. */
  after(position: number): ReadonlyArray<LiveEvent> | undefined {
    if (this.isOver || position < this.#dropped) return undefined
    let from = this.#events.length
    while (from > 0 && this.#events[from - 1]!.position > position) from -= 1
    return this.#events.slice(from)
  }
}

export class Live {
  readonly #connection: Connection
  readonly #reader: Reader
  /** Counts what has changed, so that nobody waits for what is there already. */
  readonly #changes = new Horizon(0)
  epoch: Epoch | undefined

  constructor(connection: Connection, reader: Reader) {
    this.#connection = connection
    this.#reader = reader
  }

  get version(): number {
    return this.#changes.position
  }

  /** Completes when there is something new since that version: events, another epoch, or a hint that the log has grown. */
  changedSince(version: number): Effect.Effect<void, StoreUnavailable> {
    return this.#changes.past(version)
  }

  /** The log has grown, as far as somebody knows: whoever has no epoch to tell him looks. */
  hint(): void {
    if (this.epoch === undefined) this.#changed()
  }

  /** There will be nothing more: everybody who waits, now and later, gets the error. */
  end(failure: StoreUnavailable): void {
    this.#finish()
    this.#changes.end(failure)
  }

  #changed(): void {
    this.#changes.advance(this.#changes.position + 1)
  }

  #finish(): void {
    if (this.epoch !== undefined) this.epoch.isOver = true
    this.epoch = undefined
    this.#changed()
  }

  /** Keeps a subscription open until it is interrupted. Fails when the server cannot be asked at all. */
  readonly follow: Effect.Effect<never, StoreUnavailable> = Effect.suspend(() => {
    let failures = 0
    const oneEpoch = Effect.raceFirst(
      this.#subscription(() => (failures = 0)),
      this.#silence
    ).pipe(
      Effect.ensuring(Effect.sync(() => this.#finish())),
      Effect.flatMap((reason) => {
        // A subscription that lagged for a moment is routine.
        if (isDropped(reason)) return Effect.void
        const longest = Math.min(pause.first * 2 ** failures, pause.longest)
        failures += 1
        return Effect.sleep(Duration.millis(longest))
      })
    )
    return Effect.forever(oneEpoch)
  })

  /** Follows until the subscription ends; answers why it did. */
  #subscription(confirmed: () => void): Effect.Effect<unknown> {
    const { shown } = this.#connection
    return Effect.callback<unknown>((resume) => {
      let stop = () => {}
      let isStopped = false
      this.#connection.driver().then(
        ({ client, package: { excludeSystemEvents } }) => {
          if (isStopped) return
          const epoch = new Epoch()
          const live = client.subscribeToAll({ fromPosition: "end", filter: excludeSystemEvents() })
          stop = () => void live.unsubscribe().catch(() => {})
          live.on("confirmation", () => {
            confirmed()
            this.epoch = epoch
            this.#changed()
          })
          live.on("data", ({ event }) => {
            if (event === undefined) return
            epoch.add(new LiveEvent(event, shown))
            this.#changed()
          })
          live.on("error", (error) => resume(Effect.succeed(error)))
          live.on("end", () => resume(Effect.succeed(undefined)))
        },
        (error) => resume(Effect.succeed(error))
      )
      return Effect.sync(() => {
        isStopped = true
        stop()
      })
    })
  }

  /** Ends when the log has grown and the subscription has not said so for two looks. */
  get #silence(): Effect.Effect<"silent", StoreUnavailable> {
    return Effect.gen({ self: this }, function* () {
      let missed = -1
      for (;;) {
        const { version } = this
        const head = yield* this.#reader.head
        const { epoch } = this
        if (epoch === undefined) {
          this.#changed()
          // With an epoch the first look comes at once: it tells how far the log reached when it began.
          yield* Effect.timeoutOption(this.changedSince(version + 1), Duration.millis(lookEvery))
          continue
        }
        epoch.last ??= head
        if (missed > epoch.last) return "silent" as const
        missed = head > epoch.last ? head : -1
        yield* Effect.sleep(Duration.millis(lookEvery))
      }
    })
  }
}
