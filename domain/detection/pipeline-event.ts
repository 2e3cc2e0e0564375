/**
 * What goes through the pipe: one log line, or one overflow on its way through the postoverflows and back to the
 * buckets. Field and method names are those of CrowdSec's Go structs, because rules spell them so (`evt.Meta.source_ip`).
 */
import { Time } from "../expression/time.ts"
import type { LineReference } from "../events/log-batch.ts"
import { formatTimestamp } from "../time/instant.ts"
import { type AlertEvent, RuntimeAlert } from "./alert.ts"

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

const noLine = (): Line => ({ Raw: "", Src: "", Time: new Time(0n), Labels: new Map(), Process: false, Module: "" })

/** What a line has instead of an overflow; nothing writes to it. */
const noAlert = new RuntimeAlert()

/**
 * One object stands for the event in all queues that it is poured into: CrowdSec copies the event for every bucket but
 * shares its maps, and nothing but the maps changes after parsing.
 */
export class PipelineEvent {
  readonly Type: typeof LOG | typeof OVFLW
  readonly ExpectMode = TIMEMACHINE
  Whitelisted = false
  WhitelistReason = ""
  /** Name of the stage that it has reached; empty on arrival. */
  Stage = ""
  readonly Line: Line
  readonly Parsed: Map<string, string>
  #enriched: Map<string, string> | undefined
  /** The only map that reaches the alert. */
  readonly Meta: Map<string, string>
  #unmarshaled: Map<string, unknown> | undefined
  readonly Overflow: RuntimeAlert
  /** Detection time in microseconds since 1970: what limiters, expiry, blackholes and stashes go by. */
  at: number
  StrTime = ""
  StrTimeFormat = ""
  /** The line's own time stamp as RFC 3339 text; empty when the parsers found none. */
  MarshaledTime = ""
  Process = false

  /** Where it is in the log: a line of a batch, or an overflow's event id and line 0. */
  readonly reference: LineReference
  /** Event id at the beginning of the causal chain. */
  readonly correlation: string
  /** It holds something that parsing its line again would not give: a stash's answer, a filter's `SetMeta`. */
  singular = false
  /** How often an expression wrote to `Meta` or `Parsed`: what was concluded from them before is worth nothing then. */
  edits = 0
  /** What alerts show of it, once one does, and how often it had been written to by then. */
  shown: { readonly alertEvent: AlertEvent; readonly edits: number } | undefined = undefined
  /** Hash of the rules that it was parsed by. */
  ruleset = ""

  private constructor(
    type: typeof LOG | typeof OVFLW,
    reference: LineReference,
    correlation: string,
    line: Line,
    at: number,
    overflow: RuntimeAlert
  ) {
    this.Type = type
    this.reference = reference
    this.correlation = correlation
    this.Line = line
    this.at = at
    this.Parsed = new Map()
    this.Meta = new Map()
    this.Overflow = overflow
  }

  static ofLine(reference: LineReference, correlation: string, line: Line, at: number): PipelineEvent {
    return new PipelineEvent(LOG, reference, correlation, line, at, noAlert)
  }

  /** `at` is when the trigger was detected. */
  static ofOverflow(reference: LineReference, correlation: string, overflow: RuntimeAlert, at: number): PipelineEvent {
    const event = new PipelineEvent(OVFLW, reference, correlation, noLine(), at, overflow)
    event.MarshaledTime = formatTimestamp(at / 1000)
    return event
  }

  get Enriched(): Map<string, string> {
    this.#enriched ??= new Map()
    return this.#enriched
  }

  get Unmarshaled(): Map<string, unknown> {
    this.#unmarshaled ??= new Map()
    return this.#unmarshaled
  }

  /** Detection time as expressions have it: in the zone that the line's own time stamp names, else in UTC. */
  get Time(): Time {
    return new Time(BigInt(this.at) * 1000n, offsetOf(this.MarshaledTime))
  }

  SetMeta(key: string, value: string): boolean {
    this.singular = true
    this.edits += 1
    this.Meta.set(key, value)
    return true
  }

  SetParsed(key: string, value: string): boolean {
    this.singular = true
    this.edits += 1
    this.Parsed.set(key, value)
    return true
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

/** Seconds east of UTC that an RFC 3339 text ends with. */
const offsetOf = (timestamp: string): number => {
  const found = /([+-])(\d\d):(\d\d)$/.exec(timestamp)
  if (found === null) return 0
  const seconds = Number(found[2]) * 3600 + Number(found[3]) * 60
  return found[1] === "-" ? -seconds : seconds
}
