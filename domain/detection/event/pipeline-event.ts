/**
 * What goes through the pipe: one log line, or one overflow on its way through the postoverflows and back to the
 * buckets. Field and method names are those of CrowdSec's Go structs, because rules spell them so (`evt.Meta.source_ip`).
 */
import { type FieldMap, type Fields, KeptFields, LineFields } from "../../text/fields.ts"
import { EvaluationError } from "../../expression/error.ts"
import { limit } from "../../expression/limit.ts"
import { Time } from "../../expression/time.ts"
import type { LineReference } from "../../events/log-batch.ts"
import { formatTimestamp } from "../../time/instant.ts"
import { RuntimeAlert } from "../overflow/alert.ts"
import type { Origin, QueuedEvent } from "./queued-event.ts"

export const LOG = 0
export const OVFLW = 1

/** CrowdSec's name for "the log's time counts, no clock does"; Testudo has no other mode. */
const TIMEMACHINE = 1

export interface Line {
  Raw: string
  /** Path of the file. */
  Src: string
  Time: Time
  Labels: Map<string, string>
  Process: boolean
  /** Kind of the data source. */
  Module: string
}

const noTime = new Time(0n)
const noLine = (): Line => ({ Raw: "", Src: "", Time: noTime, Labels: new Map(), Process: false, Module: "" })

/** What a line has instead of an overflow; nothing writes to it. */
const noAlert = new RuntimeAlert()

/** Where a line comes from: what all lines of a batch share. */
export interface LineSource {
  /** Path of the file. */
  readonly path: string
  readonly labels: Map<string, string>
  readonly observedAt: Time
}

/**
 * One object stands for the event in all queues that it is poured into: CrowdSec copies the event for every bucket but
 * shares its maps, and nothing but the maps changes after parsing.
 *
 * Most events are gone when the next line comes, so one object serves line after line ({@link PipelineEvent.reusable}).
 */
export class PipelineEvent {
  readonly Type: typeof LOG | typeof OVFLW
  readonly ExpectMode = TIMEMACHINE
  Whitelisted = false
  WhitelistReason = ""
  /** Name of the stage that it has reached; empty on arrival. */
  Stage = ""
  readonly Line: Line = noLine()
  readonly Parsed: Fields
  readonly Enriched: Fields
  /** The only map that reaches the alert. */
  readonly Meta: Fields
  #unmarshaled: Map<string, unknown> | undefined
  readonly Overflow: RuntimeAlert
  /** Detection time in microseconds since 1970: what limiters, expiry, blackholes and stashes go by. */
  at = 0
  StrTime = ""
  StrTimeFormat = ""
  /** The line's own time stamp as RFC 3339 text; empty when the parsers found none. */
  MarshaledTime = ""
  Process = false

  /** Where it is in the log: id of a batch and index of a line in it, or an overflow's event id and 0. */
  batch = ""
  index = 0
  /** Event id at the beginning of the causal chain. */
  correlation = ""
  /** All scenarios have seen it: nobody writes to it any more but through a queue. */
  isJudged = false
  /** It holds something that parsing its line again would not give: a stash's answer, a filter's `SetMeta`. */
  singular = false
  /** Its size, when it was known to be kept before the first bucket took it; else 0. */
  counted = 0
  /** How often an expression wrote to `Meta` or `Parsed`: what was concluded from them before is worth nothing then. */
  edits = 0
  /** Characters that expressions built and wrote to it; moving a text from one place to another does not count. */
  #written = 0
  /** What no rule reads was left out of its maps: see `liveness.ts`. */
  lean = false
  /** What expressions wrote to it afterwards. */
  #edited: { readonly Meta: Map<string, string>; readonly Parsed: Map<string, string> } | undefined
  /** Who parsed it; undefined for an overflow. */
  origin: Origin | undefined
  /** What stands for it in the queues that it was poured into. */
  queued: QueuedEvent | undefined

  private constructor(
    type: typeof LOG | typeof OVFLW,
    overflow: RuntimeAlert,
    makeFields: new (map: FieldMap, entries?: Fields) => Fields,
    from?: PipelineEvent
  ) {
    this.Type = type
    this.Overflow = overflow
    this.Parsed = new makeFields("Parsed", from?.Parsed)
    this.Meta = new makeFields("Meta", from?.Meta)
    this.Enriched = new makeFields("Enriched", from?.Enriched)
  }

  /** A line's event that serves for one line after the other. */
  static reusable(): PipelineEvent {
    return new PipelineEvent(LOG, noAlert, LineFields)
  }

  /** A line's event that stays. */
  static kept(): PipelineEvent {
    return new PipelineEvent(LOG, noAlert, KeptFields)
  }

  /** `at` is when the trigger was detected. */
  static ofOverflow(reference: LineReference, correlation: string, overflow: RuntimeAlert, at: number): PipelineEvent {
    const event = new PipelineEvent(OVFLW, overflow, KeptFields)
    event.batch = reference.event
    event.index = reference.line
    event.correlation = correlation
    event.at = at
    event.MarshaledTime = formatTimestamp(at / 1000)
    return event
  }

  /** What all overflows have in common for those who ask for fields: there are none. */
  static anyOverflow(): PipelineEvent {
    return PipelineEvent.ofOverflow({ event: "", line: 0 }, "", noAlert, 0)
  }

  /** Becomes the event of a line that nobody has parsed yet. */
  begin(raw: string, source: LineSource, at: number): void {
    this.Whitelisted = false
    this.WhitelistReason = ""
    this.Stage = ""
    this.StrTime = ""
    this.StrTimeFormat = ""
    this.MarshaledTime = ""
    this.Process = false
    this.isJudged = false
    this.singular = false
    this.counted = 0
    this.edits = 0
    this.#written = 0
    this.lean = false
    this.#edited = undefined
    this.at = at
    this.Parsed.clear()
    this.Meta.clear()
    this.Enriched.clear()
    this.#unmarshaled = undefined
    const { Line } = this
    Line.Raw = raw
    Line.Src = source.path
    Line.Time = source.observedAt
    Line.Labels = source.labels
    Line.Process = true
    Line.Module = "file"
  }

  /** Becomes whole. `whole`: what its line parses to. */
  complete(whole: PipelineEvent): void {
    for (const map of ["Parsed", "Meta", "Enriched"] as const) {
      this[map].clear()
      for (const [key, value] of whole[map]) this[map].set(key, value)
    }
    for (const map of ["Parsed", "Meta"] as const)
      for (const [key, value] of this.#edited?.[map] ?? []) this[map].set(key, value)
    this.lean = false
    this.#edited = undefined
  }

  /** Its line is through: what stands for it in queues goes on without it. */
  letGo(): void {
    this.queued?.release(this.singular ? this.copy() : undefined)
    this.queued = undefined
  }

  /** The same event, to be kept. The copy takes what the line was unmarshaled to with it. */
  copy(): PipelineEvent {
    const { Type, ExpectMode, Line, Parsed, Enriched, Meta, Overflow, queued, ...rest } = this
    const copy = Object.assign(new PipelineEvent(Type, Overflow, KeptFields, this), rest)
    Object.assign(copy.Line, Line)
    copy.#unmarshaled = this.#unmarshaled
    return copy
  }

  get reference(): LineReference {
    return { event: this.batch, line: this.index }
  }

  /** What its maps hold, in characters. */
  get size(): number {
    let size = 0
    for (const map of [this.Parsed, this.Meta, this.Enriched])
      for (const [key, text] of map) size += key.length + text.length
    return size + (this.#unmarshaled === undefined ? 0 : sizeOf(this.#unmarshaled))
  }

  get Unmarshaled(): Map<string, unknown> {
    this.#unmarshaled ??= new Map()
    return this.#unmarshaled
  }

  /** Detection time as expressions have it: in the zone that the line's own time stamp names, else in UTC. */
  get Time(): Time {
    return new Time(BigInt(this.at) * 1000n, offsetOf(this.MarshaledTime))
  }

  /** Expressions have built as much text for it as one event may hold. */
  get isFull(): boolean {
    return this.#written > limit.eventText
  }

  /** Counts a text in that an expression built to be written to it; false when it has no place any more. */
  admits(text: string): boolean {
    this.#written += text.length
    return this.#written <= limit.eventText
  }

  entry(map: FieldMap, slot: number): string | undefined {
    return (map === "Meta" ? this.Meta : map === "Parsed" ? this.Parsed : this.Enriched).at(slot)
  }

  SetMeta(key: string, value: string): boolean {
    return this.#edit("Meta", key, value)
  }

  SetParsed(key: string, value: string): boolean {
    return this.#edit("Parsed", key, value)
  }

  #edit(map: "Meta" | "Parsed", key: string, value: string): boolean {
    this.#admit(key, value)
    this.singular = true
    this.edits += 1
    this[map].set(key, value)
    if (this.lean) {
      this.#edited ??= { Meta: new Map(), Parsed: new Map() }
      this.#edited[map].set(key, value)
    }
    return true
  }

  #admit(...texts: ReadonlyArray<string>): void {
    for (const text of texts)
      if (!this.admits(text))
        throw new EvaluationError(`expressions wrote more than ${limit.eventText} characters to the event`)
  }

  GetType(): "log" | "overflow" {
    return this.Type === OVFLW ? "overflow" : "log"
  }

  GetMeta(key: string): string {
    if (this.Type === LOG) return this.Meta.get(key) ?? ""
    for (const alert of this.Overflow.APIAlerts) {
      const value = alert.metaOfEvents(key)
      if (value !== "") return value
    }
    return ""
  }

  /** The addresses that it is about, as text. */
  ParseIPSources(): ReadonlyArray<string> {
    if (this.Type === OVFLW) return this.Overflow.GetSources()
    const address = this.Meta.get("source_ip")
    return address === undefined ? [] : [address]
  }
}

/** As many characters as take the memory of one item of a list or map. */
const itemSize = 32

/** Of what a line was unmarshaled to, in characters. */
const sizeOf = (value: unknown): number => {
  if (typeof value === "string") return value.length
  let size = 0
  if (Array.isArray(value)) for (const item of value) size += itemSize + sizeOf(item)
  if (value instanceof Map) for (const [key, item] of value) size += itemSize + String(key).length + sizeOf(item)
  return size
}

/** Seconds east of UTC that an RFC 3339 text ends with. */
export const offsetOf = (timestamp: string): number => {
  if (timestamp.endsWith("Z") || timestamp === "") return 0
  const found = /([+-])(\d\d):(\d\d)$/.exec(timestamp)
  if (found === null) return 0
  const seconds = Number(found[2]) * 3600 + Number(found[3]) * 60
  return found[1] === "-" ? -seconds : seconds
}
