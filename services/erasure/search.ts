/** Where the log speaks of one offender, and what it says instead from now on. */
import { randomUUID } from "node:crypto"
import * as Data from "effect/Data"
import type { TestudoEvent } from "../../domain/events/catalogue.ts"
import { DecisionMade, DecisionRetracted } from "../../domain/events/decision.ts"
import { type LogBatch, LogBatchAppended } from "../../domain/events/log-batch.ts"
import { offenderStream, offenderStreams } from "../../domain/events/stream-name.ts"
import { isUnreadable } from "../../domain/events/unreadable.ts"
import { DamagedBatch, withoutLines } from "../acquisition/body.ts"
import { storeFailure } from "../event-store/failure.ts"
import { recordedEvent, type Row } from "../event-store/row.ts"
import { type Mention, mentionOf } from "./mention.ts"
import { redacted } from "./redaction.ts"

/** It cannot be erased now, or at all. Code `TST-ERASE-ACTIVE`, `TST-ERASE-LIVE` or `TST-ERASE-VALUE`. */
export class EraseRefused extends Data.TaggedError("EraseRefused")<{
  readonly code: string
  readonly message: string
}> {}

export interface Erased {
  readonly lines: number
  readonly batches: number
  /** Other events that were rewritten. */
  readonly events: number
}

/** What people, rules and processes wrote, not what the log says of an offender; and what was done to the log. */
const untouched = new Set([
  "RulesetActivated",
  "ContentRecorded",
  "TimePassed",
  "DecisionNumbered",
  "AllowlistReplaced",
  "BouncerRegistered",
  "BouncerDeleted",
  "LeaseTaken",
  "LeaseRenewed",
  "LeaseReleased",
  "LossAccepted",
  "EventsDropped",
  "OffenderErased",
  "StreamRewritten"
])

/** What an event says from now on. */
export interface Redacted {
  /** JSON. */
  readonly data: string
  readonly bytes: Uint8Array | null
  /** Lines that a batch lost. */
  readonly lines: number
}

/** The batch without his lines; undefined when it has none. */
const withoutHim = (row: Row, batch: LogBatch, mention: Mention): Redacted | undefined => {
  let lines = 0
  const body = withoutLines(batch, (line) => {
    const goes = mention.isIn(line.toString("latin1")) || mention.isIn(line.toString("utf8"))
    if (goes) lines++
    return goes
  })
  if (body === undefined) return undefined
  // Some stores keep the body in the JSON.
  return row.bytes === null
    ? {
        data: JSON.stringify({ ...JSON.parse(row.data), body: Buffer.from(body).toString("base64") }),
        bytes: null,
        lines
      }
    : { data: row.data, bytes: body, lines }
}

export class Search {
  readonly #mention: Mention
  readonly #word: string
  readonly #dossier: string
  readonly #where: string

  /** @param where the store, for messages */
  constructor(value: string, where: string) {
    if (!/[\p{L}\p{N}]/u.test(value)) {
      throw new EraseRefused({
        code: "TST-ERASE-VALUE",
        message: `${JSON.stringify(value)} names nobody. Name an address, a range, or another offender's value. Nothing was erased.`
      })
    }
    this.#mention = mentionOf(value)
    this.#word = `erased-${randomUUID()}`
    this.#dossier = offenderStream("Ip", this.#mention.value).slice(`${offenderStreams}Ip`.length)
    this.#where = where
  }

  /** Whether a stream is a dossier of his, in whatever scope, and what it is called from now on. */
  renamed(stream: string): string | undefined {
    if (!stream.startsWith(offenderStreams) || !stream.endsWith(this.#dossier)) return undefined
    return `${stream.slice(0, -this.#dossier.length)}:${this.#word}`
  }

  isRenamed(stream: string): boolean {
    return stream.startsWith(offenderStreams) && stream.endsWith(`:${this.#word}`)
  }

  /** What the event says from now on, undefined when it does not speak of him. */
  redacted(row: Row): Redacted | undefined {
    if (untouched.has(row.type)) return undefined
    if (row.type === LogBatchAppended.type) {
      const read = readable(row, this.#where)
      if (read === undefined) return undefined
      try {
        return withoutHim(row, read.data as LogBatch, this.#mention)
      } catch (error) {
        throw error instanceof DamagedBatch ? unsearched(row, this.#where, error.message) : error
      }
    }
    const data = redacted(row.type, JSON.parse(row.data), this.#mention, this.#word)
    return data === undefined ? undefined : { data: JSON.stringify(data), bytes: row.bytes, lines: 0 }
  }
}

/** The event, undefined for one that is not known here. What cannot be read cannot be searched for him: throws then. */
const readable = (row: Row, where: string): TestudoEvent | undefined => {
  const read = recordedEvent(row)
  if (read === undefined || !isUnreadable(read)) return read
  throw unsearched(row, where, read.data.reason)
}

const unsearched = ({ position, type }: Row, where: string, reason: string) =>
  storeFailure(
    "TST-STORE-DAMAGED",
    `The event at position ${position} of ${where} (${type}) cannot be searched: ${reason.replace(/\.$/, "")}. Restore a backup, ` +
      "and call this again: what was erased until now stays erased."
  )

/** The decisions of a dossier that hold: fed with its events, in order. */
export class Holding {
  readonly #decisions = new Set<string>()
  readonly #where: string
  readonly #now: number

  constructor(where: string, now: number) {
    this.#where = where
    this.#now = now
  }

  add(row: Row): void {
    const read = readable(row, this.#where)
    if (read === undefined) return
    if (DecisionMade.is(read) && Date.parse(read.data.until) > this.#now) this.#decisions.add(read.id)
    if (DecisionRetracted.is(read)) this.#decisions.delete(read.data.decision)
  }

  /** Throws `TST-ERASE-ACTIVE` when one does: whoever enforces it could not be told of its end any more. */
  check(value: string): void {
    if (this.#decisions.size === 0) return
    throw new EraseRefused({
      code: "TST-ERASE-ACTIVE",
      message: `A decision about ${value} still holds. End it first: testudo decisions delete ${value}`
    })
  }
}
