/**
 * Appends, and what the server says of them.
 *
 * An append that fails may be written all the same. One that expects an exact revision is safe to repeat with the same
 * ids: the server compares with the log and answers like the first time. So it is repeated here, for as long as the server
 * is away; any other is not, and its writer reads the end of the stream.
 */
import type { EventData, KurrentDBClient } from "@kurrent/kurrentdb-client"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type { ProposedEvent } from "../../../domain/events/event.ts"
import {
  type AppendError,
  type Appended,
  AppendRefused,
  type ExpectedRevision,
  type StoreUnavailable,
  type StreamAppend,
  WrongExpectedRevision
} from "../event-store.ts"
import { type Proposal, proposals, sizeOf } from "../proposal.ts"
import { type Connection, type Driver, within } from "./connection.ts"
import { isBadRequest, isStreamDeleted, isTooLarge, isWrongVersion, storeFailureOf, wantsNewClient } from "./failure.ts"
import { mixed, StreamTails, tailLength } from "./stream-tails.ts"
import type { Outage } from "./outage.ts"
import type { Reader } from "./reader.ts"
import { numberOf, positionOf, sentEvent } from "./recorded.ts"

/** An append that was looked at and may be sent. */
interface Ready {
  readonly stream: string
  readonly events: ReadonlyArray<ProposedEvent>
  readonly expected: ExpectedRevision
  readonly proposals: ReadonlyArray<Proposal>
  readonly bytes: number
}

/** So many appends, or bytes of them, are on their way at a time: more would wait in the server until it gives them up. */
const window = { appends: 16, bytes: 2_000_000 }

/** How many streams' ends are read at once. */
const looks = 8

/** Revision behind which an append that is safe to repeat expects to write. */
const exactly = (expected: ExpectedRevision): number | undefined =>
  expected === "no_stream" ? -1 : typeof expected === "number" ? expected : undefined

export class Appender {
  readonly #connection: Connection
  readonly #outage: Outage
  readonly #reader: Reader
  readonly #tails = new StreamTails()
  /** Told when something was appended. */
  readonly #appended: () => void
  /** The client whose stream of appends is open: only then does it keep the order of appends that do not wait. */
  #inOrder: KurrentDBClient | undefined

  constructor(connection: Connection, outage: Outage, reader: Reader, appended: () => void) {
    this.#connection = connection
    this.#outage = outage
    this.#reader = reader
    this.#appended = appended
  }

  /** Whatever comes to a stream now may be one that had another end. */
  forget(stream: string): void {
    this.#tails.forget(stream)
  }

  /**
   * Appends the parts in their order. They are sent without waiting for each other's answers; when one fails in a way that
   * leaves its outcome open, the rest is sent again one by one.
   */
  append(group: ReadonlyArray<StreamAppend>): Effect.Effect<ReadonlyArray<Appended>, AppendError> {
    return Effect.gen({ self: this }, function* () {
      const appended: Array<Appended> = []
      for (let next = 0; next < group.length; ) {
        const { ready, refused } = yield* this.#window(group.slice(next, next + window.appends))
        appended.push(...(yield* this.#sendAll(ready)))
        if (refused !== undefined) return yield* refused
        next += ready.length
      }
      return appended
    })
  }

  /**
   * As many of the parts as go out together, up to the first that cannot be sent. No stream is among them twice: when
   * somebody else took the place of the first, the second could fit behind his event.
   */
  #window(
    parts: ReadonlyArray<StreamAppend>
  ): Effect.Effect<{ readonly ready: ReadonlyArray<Ready>; readonly refused?: AppendRefused }, StoreUnavailable> {
    return Effect.gen({ self: this }, function* () {
      const checked: Array<Ready> = []
      const streams = new Set<string>()
      let refused: AppendRefused | undefined
      let bytes = 0
      for (const part of parts) {
        if (bytes >= window.bytes || streams.has(part.stream)) break
        streams.add(part.stream)
        const sent = proposals(part)
        if (sent instanceof AppendRefused) {
          refused = sent
          break
        }
        const size = sent.reduce((sum, proposal) => sum + sizeOf(proposal), 0)
        bytes += size
        checked.push({ ...part, proposals: sent, bytes: size })
      }
      const unknown = new Set(checked.filter((part) => this.#wantsEnd(part)).map(({ stream }) => stream))
      yield* Effect.forEach(unknown, (stream) => this.#learnEnd(stream), { concurrency: looks, discard: true })
      for (const [index, { stream, proposals, expected }] of checked.entries()) {
        const atEnd = exactly(expected) !== undefined && exactly(expected) === this.#tails.end(stream)
        const refusal = this.#tails.refusal(stream, proposals, atEnd)
        if (refusal !== undefined) return { ready: checked.slice(0, index), refused: refusal }
      }
      return refused === undefined ? { ready: checked } : { ready: checked, refused }
    })
  }

  /** Whether the ids at the stream's end have to be known, and are not. An append to a new stream knows that there are none. */
  #wantsEnd({ stream, events, expected }: Ready): boolean {
    const behind = exactly(expected)
    if (events.length === 0 || behind === -1) return false
    const end = this.#tails.end(stream)
    return end === undefined || end < (behind ?? -1)
  }

  #learnEnd(stream: string): Effect.Effect<void, StoreUnavailable> {
    return Effect.map(this.#reader.streamEvents(stream, { direction: "backwards", limit: tailLength }), (events) => {
      const tail = events.map(({ id, revision }) => ({ id, revision: numberOf(revision, this.#connection.shown) }))
      this.#tails.learn(stream, tail.reverse())
    })
  }

  #sendAll(parts: ReadonlyArray<Ready>): Effect.Effect<ReadonlyArray<Appended>, AppendError> {
    return Effect.gen({ self: this }, function* () {
      const now = yield* Clock.currentTimeMillis
      const answers = parts.length < 2 ? [] : yield* this.#sendTogether(parts, now)
      const appended: Array<Appended> = []
      for (const [index, part] of parts.entries())
        appended.push(answers[index] ?? (yield* this.#send(part, now, answers.length > 0)))
      return appended
    })
  }

  /** Those that were simply written; nothing for the others, of which nothing is known that asking again would not tell. */
  #sendTogether(parts: ReadonlyArray<Ready>, now: number): Effect.Effect<ReadonlyArray<Appended | undefined>> {
    return Effect.promise(async () => {
      const driver = await this.#connection.driver().catch(() => undefined)
      // What expects no exact revision cannot be asked again.
      const repeatable = parts.every(({ expected, events }) => exactly(expected) !== undefined && events.length > 0)
      if (driver === undefined || driver.client !== this.#inOrder || !repeatable) return []
      const answers = parts.map((part) =>
        this.#request(driver, part, now).catch((error) => {
          if (wantsNewClient(error, 1)) void this.#connection.replace(driver)
          return undefined
        })
      )
      return Promise.all(answers)
    })
  }

  /** One append on its own, repeated where that is safe. `wasTried`: together with others, and its outcome is not known. */
  #send(part: Ready, now: number, wasTried: boolean): Effect.Effect<Appended, AppendError> {
    const { stream, events, expected } = part
    if (events.length === 0) return this.#expectation(stream, expected)
    const attempt = (number: number): Effect.Effect<Appended, AppendError> =>
      Effect.tryPromise({
        try: async () => {
          const driver = await this.#connection.driver()
          try {
            return await this.#request(driver, part, now)
          } catch (error) {
            if (wantsNewClient(error, number)) void this.#connection.replace(driver)
            throw error
          }
        },
        catch: (error) => error
      }).pipe(Effect.catch((error) => this.#failure(part, error, wasTried || number > 1)))
    return exactly(expected) === undefined ? attempt(1) : this.#outage.outlast("append", attempt)
  }

  async #request({ client, package: { jsonEvent } }: Driver, part: Ready, now: number): Promise<Appended> {
    const { stream, events, expected } = part
    const behind = exactly(expected)
    const data: Array<EventData> = events.map((event, index) =>
      sentEvent(jsonEvent, event, part.proposals[index]!, now)
    )
    const streamState = behind === undefined ? (expected as "any") : behind === -1 ? "no_stream" : BigInt(behind)
    const answer = await within(this.#connection.callTimeout, client.appendToStream(stream, data, { streamState }))
    this.#inOrder = client
    const { shown } = this.#connection
    const revision = numberOf(answer.nextExpectedRevision, shown)
    const position = numberOf(answer.position?.commit ?? -1n, shown)
    const first = revision - events.length + 1
    const isNew = (this.#tails.end(stream) ?? -1) < revision
    if (isNew)
      this.#tails.learn(
        stream,
        part.proposals.map(({ id }, index) => ({ id, revision: first + index }))
      )
    this.#appended()
    return { revision, position }
  }

  /** What went wrong, in the port's words. */
  #failure(part: Ready, error: unknown, wasTried: boolean): Effect.Effect<Appended, AppendError> {
    const { stream, expected } = part
    const { shown } = this.#connection
    if (isWrongVersion(error)) {
      const actual = typeof error.actualState === "bigint" ? numberOf(error.actualState, shown) : -1
      return this.#conflict(part, actual, wasTried)
    }
    if (isStreamDeleted(error)) {
      // A stream that was deleted in the usual way goes on; only for this expectation it is missing.
      if (expected === "stream_exists") return Effect.fail(new WrongExpectedRevision({ stream, expected, actual: -1 }))
      const message = `The stream ${JSON.stringify(stream)} was deleted for good (tombstoned): nothing can be appended to it.`
      return Effect.fail(new AppendRefused({ stream, message }))
    }
    if (isTooLarge(error)) {
      const message =
        `The append to ${JSON.stringify(stream)} has ${part.bytes} bytes of data, and the server ${shown} takes at most ` +
        `${error.maxAppendSize}. Raise its option MaxAppendSize.`
      return Effect.fail(new AppendRefused({ stream, message }))
    }
    if (isBadRequest(error)) {
      const message = `The server ${shown} refuses the append to ${JSON.stringify(stream)} and does not say why.`
      return Effect.fail(new AppendRefused({ stream, message }))
    }
    return Effect.fail(storeFailureOf(error, shown))
  }

  /** The stream is elsewhere: perhaps because of an earlier attempt, or because part of the events is in it already. */
  #conflict(part: Ready, actual: number, wasTried: boolean): Effect.Effect<Appended, AppendError> {
    const { stream, expected, proposals } = part
    const { shown } = this.#connection
    const behind = exactly(expected)
    const conflict = Effect.fail(new WrongExpectedRevision({ stream, expected, actual }))
    if (behind === undefined) {
      return expected === "any" ? Effect.fail(mixed(stream, 1, proposals.length, actual)) : conflict
    }
    return Effect.gen({ self: this }, function* () {
      if (wasTried) {
        // A stream that was deleted begins anew behind its old events, where a repetition is not recognised.
        const end = yield* this.#reader.streamEvents(stream, {
          direction: "backwards",
          limit: proposals.length + tailLength
        })
        const last = end.find(({ id }) => id === proposals.at(-1)!.id)
        const first = end.find(({ id }) => id === proposals[0]!.id)
        if (
          last !== undefined &&
          first !== undefined &&
          last.revision - first.revision === BigInt(proposals.length - 1)
        )
          return { revision: numberOf(last.revision, shown), position: positionOf(last, shown) }
      }
      // Another writer's append of the same events may have begun before or behind the place where this one was expected.
      const [first, last] = [behind + 1, behind + proposals.length]
      const from = Math.max(0, first - (proposals.length - 1))
      const there = yield* this.#reader.streamEvents(stream, { from, limit: last + proposals.length - from })
      const ids = new Set(proposals.map(({ id }) => id))
      const known = there.filter(({ id }) => ids.has(id))
      const isInPlace = known.some(({ revision }) => revision >= first && revision <= last)
      if (!isInPlace || known.length === proposals.length) return yield* conflict
      return yield* mixed(stream, known.length, proposals.length, numberOf(known[0]!.revision, shown))
    })
  }

  /** An append of nothing. It is not sent: the server would answer it with a position that no event has. */
  #expectation(stream: string, expected: ExpectedRevision): Effect.Effect<Appended, AppendError> {
    const { shown } = this.#connection
    return Effect.flatMap(
      this.#reader.streamEvents(stream, { direction: "backwards", limit: 1 }),
      ([last]): Effect.Effect<Appended, WrongExpectedRevision> => {
        const revision = last === undefined ? -1 : numberOf(last.revision, shown)
        const position = last === undefined ? -1 : positionOf(last, shown)
        const holds =
          expected === "any" || (expected === "stream_exists" ? revision >= 0 : revision === exactly(expected))
        return holds
          ? Effect.succeed({ revision, position })
          : Effect.fail(new WrongExpectedRevision({ stream, expected, actual: revision }))
      }
    )
  }
}
