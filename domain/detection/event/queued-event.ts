/**
 * An event in the queue of a bucket. Most events are never looked at again, so a queue holds no more of a line than its
 * text: when an alert or an expression asks for it, the line is parsed once more by the rules that parsed it first.
 */
import type { EventObject, LineObject } from "../../expression/environment/event.ts"
import { type FieldMap, type Fields, fieldNames } from "../../text/fields.ts"
import { Time } from "../../expression/time.ts"
import { lengthOf, likenessOf, restored } from "../../text/likeness.ts"
import type { LineReference, LogBatch } from "../../events/log-batch.ts"
import { AlertEvent, type AlertSource, type RuntimeAlert } from "../overflow/alert.ts"
import { type AlertContext, textsOfEvent } from "../overflow/alert-context.ts"
import { shownMeta } from "../overflow/shown-meta.ts"
import { shownSource } from "../overflow/shown-source.ts"
import type { TimeMode } from "../detection-time.ts"
import { LOG, offsetOf, PipelineEvent } from "./pipeline-event.ts"
import { type Entry, Recalled } from "./recalled.ts"

/** What of a batch its lines need. */
export type LineOrigin = Pick<LogBatch, "path" | "labels" | "zone" | "observedAt"> & { readonly time: TimeMode }

/** Who parsed the lines of a batch, and can do it again. */
export interface Origin {
  /** Hash of the rules that parse: see `Ruleset`. */
  readonly parsing: string
  /** Id of the batch. */
  readonly batch: string
  /** Event id at the beginning of the causal chain. */
  readonly correlation: string
  /** Of its rules. */
  readonly contexts: ReadonlyArray<AlertContext>
  /** What of the batch its lines need. */
  readonly line: LineOrigin
  readonly parseAgain: (queued: QueuedEvent, into: PipelineEvent) => void
}

/** Lines with more characters take long to parse again: what alerts show of them is kept from the beginning. */
export const longLine = 2_048

/** How much of a line an alert keeps, in characters. */
const longestText = 1_024

/** What alerts show of an event. */
export interface Shown {
  readonly event: AlertEvent
  /** Who it is about, without scope and value; undefined when it names no address. */
  readonly source: Readonly<AlertSource> | undefined
  /** What it has to tell under each key of the contexts. */
  readonly told: ReadonlyArray<ReadonlyArray<string>>
  readonly contexts: ReadonlyArray<AlertContext>
  /** How often the event had been written to by then. */
  readonly edits: number
}

/**
 * Several buckets mostly run over together: so many events keep what alerts show of them, which is ten times as large as
 * the line. More of them would only be carried from one garbage collection to the next.
 */
const mostShown = 128

/** Lines that only an alert looks at are parsed again into this one. */
const scratch = PipelineEvent.reusable()

export class QueuedEvent implements EventObject {
  // A number that has no room in a field is an object of its own, and there are very many events.
  readonly #second: number
  readonly #microsecond: number
  /** The line; empty for an overflow. Of one that is much like another in its bucket, what it has of its own. */
  readonly #own: string
  /** The other line. */
  readonly #like: string | undefined
  readonly #shared: number
  /** undefined for an overflow, and for a line that is kept as it was parsed once. */
  readonly #origin: Origin | undefined
  /** Of the line in its batch. */
  readonly index: number
  /** The event itself: while its line is at hand, and for good when parsing the line again would give another one. */
  #event: PipelineEvent | undefined
  #shown: Shown | undefined
  #recalled: Recalled | undefined
  /** Of the zone that its time stamp names, in seconds east of UTC; undefined until somebody asks for it. */
  #offset: number | undefined
  /** Those that hold what alerts show of them, in turn. */
  static readonly #withShown: Array<QueuedEvent> = []
  static #next = 0
  /** How often an expression wrote to an event because it met it in a queue. */
  static edits = 0

  private constructor(
    { at, index, raw }: Pick<QueuedEvent, "at" | "index" | "raw">,
    origin: Origin | undefined,
    event: PipelineEvent | undefined,
    like: QueuedEvent | undefined
  ) {
    this.#second = Math.floor(at / 1e6)
    this.#microsecond = at - this.#second * 1e6
    const other = like && (like.#like ?? like.#own)
    const { own, shared } = (other === undefined ? undefined : likenessOf(raw, other)) ?? { own: raw, shared: 0 }
    this.#own = own
    this.#like = shared === 0 ? undefined : other
    this.#shared = shared
    this.index = index
    this.#origin = origin
    this.#event = event
    if (event?.singular === true) {
      // As it will be kept.
      this.complete()
      event.counted = event.size
    }
    const showsAtOnce = raw.length > longLine && origin !== undefined && event !== undefined
    const shown = showsAtOnce ? show(this, event, origin.contexts) : undefined
    this.#shown = shown !== undefined && metaLength(shown) <= raw.length ? shown : undefined
    this.#recalled = undefined
    this.#offset = event === undefined ? undefined : offsetOf(event.MarshaledTime)
  }

  /** An event that stays as it is, or one that is let go of with {@link release}. `like`: one that its line may be like. */
  static of(event: PipelineEvent, like?: QueuedEvent): QueuedEvent {
    const { at, index, Line, origin } = event
    return new QueuedEvent({ at, index, raw: Line.Raw }, origin, event, like)
  }

  /** A line that was parsed before. */
  static again(
    fields: Pick<QueuedEvent, "at" | "index" | "raw">,
    origin: Origin,
    like: QueuedEvent | undefined
  ): QueuedEvent {
    return new QueuedEvent(fields, origin, undefined, like)
  }

  /** The line; empty for an overflow. */
  get raw(): string {
    return this.#like === undefined ? this.#own : restored({ shared: this.#shared, own: this.#own }, this.#like)
  }

  /** Detection time in microseconds since 1970. */
  get at(): number {
    return this.#second * 1e6 + this.#microsecond
  }

  /**
   * What it holds, in characters: of a long line what alerts show as well, which is not kept when it is more than that, and
   * of an event that is kept all there is of it.
   */
  get characters(): number {
    const length = this.#own.length + lengthOf(this.#shared)
    return (length > longLine ? 2 * length : length) + (this.#event?.counted ?? 0)
  }

  get Type(): PipelineEvent["Type"] {
    return this.#origin === undefined ? this.#event!.Type : LOG
  }

  get ExpectMode(): PipelineEvent["ExpectMode"] {
    return 1
  }

  get reference(): LineReference {
    return { event: (this.#origin ?? this.#event!).batch, line: this.index }
  }

  get correlation(): string {
    return (this.#origin ?? this.#event!).correlation
  }

  /** What of its batch it needs to be parsed again; undefined for what is not. */
  get lineOrigin(): LineOrigin | undefined {
    return this.#origin?.line
  }

  /** Whether its line, or the overflow, is not through yet: filters may write to it. */
  get isAtHand(): boolean {
    const event = this.#event
    if (event === undefined) return false
    return this.#origin === undefined ? event.Type !== LOG && !event.isJudged : event.queued === this
  }

  /** Its line is through. `kept`: what parsing it again would not give. */
  release(kept: PipelineEvent | undefined): void {
    this.#event = kept
  }

  /** Whether it holds more than a line that can be parsed again. */
  get isKept(): boolean {
    return this.#event !== undefined
  }

  /** Hash of the rules that can parse it again, see `Ruleset`; undefined for what is not. */
  get parsing(): string | undefined {
    return this.#origin?.parsing
  }

  get event(): PipelineEvent {
    if (this.#event !== undefined) return this.#event
    const event = PipelineEvent.kept()
    this.#origin!.parseAgain(this, event)
    return event
  }

  /** The event at hand gets what was left out when its line was parsed: see `liveness.ts`. */
  complete(): void {
    const event = this.#event
    if (event?.lean !== true) return
    this.#origin!.parseAgain(this, scratch)
    event.complete(scratch)
  }

  /** What alerts show of it; not made again soon after, or where it is `given`, unless somebody wrote to the event. */
  shown(contexts: ReadonlyArray<AlertContext>, given?: Shown): Shown {
    const known = this.#shown ?? given
    const event = this.#event
    if (known?.contexts === contexts && (event === undefined || event.edits === known.edits)) return known
    const shown = show(this, QueuedEvent.#whole(this), contexts)
    const place = QueuedEvent.#next
    QueuedEvent.#next = (place + 1) % mostShown
    const former = QueuedEvent.#withShown[place]
    if (former !== undefined && former !== this) former.#shown = undefined
    QueuedEvent.#withShown[place] = this
    this.#shown = shown
    return shown
  }

  /** In the zone that the line's own time stamp names, else in UTC. */
  get Time(): Time {
    this.#offset ??= offsetOf(this.MarshaledTime)
    return new Time(BigInt(this.at) * 1000n, this.#offset)
  }

  entry(map: FieldMap, slot: number): string | undefined {
    const event = this.#event
    if (event !== undefined) return event.entry(map, slot)
    const known = this.#recalled?.get(map, slot)
    if (known !== undefined) return known
    this.#origin!.parseAgain(this, scratch)
    this.#recalled = new Recalled([{ map, slot }], scratch, this.#recalled)
    return this.#recalled.get(map, slot)
  }

  /** Keeps these entries of the event at hand for later. */
  recall(entries: ReadonlyArray<Entry>): void {
    if (this.#event !== undefined && !this.#recalled?.holds(entries))
      this.#recalled = new Recalled(entries, this.#event, this.#recalled)
  }

  get Whitelisted(): boolean {
    return this.event.Whitelisted
  }
  get WhitelistReason(): string {
    return this.event.WhitelistReason
  }
  get Stage(): string {
    return this.event.Stage
  }
  get Line(): LineObject {
    return this.#event?.Line ?? lineOf(this)
  }
  get Parsed(): Fields {
    return this.event.Parsed
  }
  get Enriched(): Fields {
    return this.event.Enriched
  }
  get Meta(): Fields {
    return this.event.Meta
  }
  get Unmarshaled(): Map<string, unknown> {
    return this.event.Unmarshaled
  }
  get Overflow(): RuntimeAlert {
    return this.event.Overflow
  }
  get StrTime(): string {
    return this.event.StrTime
  }
  get StrTimeFormat(): string {
    return this.event.StrTimeFormat
  }
  get MarshaledTime(): string {
    return this.event.MarshaledTime
  }
  get Process(): boolean {
    return this.event.Process
  }

  GetType(): "log" | "overflow" {
    return this.event.GetType()
  }

  ParseIPSources(): ReadonlyArray<string> {
    return this.event.ParseIPSources()
  }

  GetMeta(key: string): string {
    const slot = this.Type === LOG ? fieldNames.Meta.find(key) : undefined
    return slot === undefined ? this.event.GetMeta(key) : (this.entry("Meta", slot) ?? "")
  }

  SetMeta(key: string, value: string): boolean {
    return QueuedEvent.#written(this).SetMeta(key, value)
  }

  SetParsed(key: string, value: string): boolean {
    return QueuedEvent.#written(this).SetParsed(key, value)
  }

  /** The event with all that there is of it, until another one is asked for: its line parsed again, unless it was written to. */
  static #whole(queued: QueuedEvent): PipelineEvent {
    const event = queued.#event
    if (event !== undefined && (!event.lean || event.edits > 0)) {
      queued.complete()
      return event
    }
    queued.#origin!.parseAgain(queued, scratch)
    return scratch
  }

  /** Whoever writes to it means this event, and no copy. Static: each event would hold a private method's mark. */
  static #written(queued: QueuedEvent): PipelineEvent {
    QueuedEvent.edits += 1
    queued.#event ??= queued.event
    return queued.#event
  }
}

/** Its text is there; rules may have written to the rest, which only parsing it again gives. */
const lineOf = (queued: QueuedEvent): LineObject => ({
  Raw: queued.raw,
  get Src() {
    return queued.event.Line.Src
  },
  get Time() {
    return queued.event.Line.Time
  },
  get Labels() {
    return queued.event.Line.Labels
  },
  get Process() {
    return queued.event.Line.Process
  },
  get Module() {
    return queued.event.Line.Module
  }
})

/** What stands for the event in all queues that it is poured into. */
export const queuedOf = (event: PipelineEvent, like?: QueuedEvent): QueuedEvent => {
  event.queued ??= QueuedEvent.of(event, like)
  return event.queued
}

const show = (queued: QueuedEvent, event: PipelineEvent, contexts: ReadonlyArray<AlertContext>): Shown => ({
  event: new AlertEvent({
    Meta: shownMeta(event.Meta),
    Timestamp: event.MarshaledTime === "" ? event.Time.toRfc3339() : event.MarshaledTime,
    reference: queued.reference,
    at: queued.at,
    text: queued.raw.slice(0, longestText)
  }),
  source: shownSource(event),
  told: textsOfEvent(contexts, event),
  contexts,
  edits: event.edits
})

const metaLength = ({ event }: Shown): number =>
  event.Meta.reduce((sum, { Key, Value }) => sum + Key.length + Value.length, 0)
