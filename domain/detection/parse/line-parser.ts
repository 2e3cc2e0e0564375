/** From a line of a batch to an event with its detection time. */
import { Time } from "../../expression/time.ts"
import { formatTimestamp, parseTimestamp } from "../../time/instant.ts"
import { isZone } from "../../time/zone.ts"
import { type Arrival, detectionTime, microseconds } from "../detection-time.ts"
import type { GeoLookup } from "../world/geo.ts"
import { Names } from "../world/names.ts"
import type { Watch } from "./stages.ts"
import type { Pass } from "../pass.ts"
import type { LineSource, PipelineEvent } from "../event/pipeline-event.ts"
import { type LineOrigin, longLine, type Origin, type QueuedEvent } from "../event/queued-event.ts"
import type { Ruleset } from "../ruleset.ts"
import { Stashes } from "../world/stash.ts"
import type { WorldState } from "../world/world.ts"

/** What rules see of a line at most, in characters; CrowdSec reads no longer ones at all. */
const longestLine = 65_536

/** What a line that is parsed again sees: what it writes to stashes, the engine's stashes have got already. */
const untouched = { stashes: new Stashes([]), names: new Names(), asksNames: false }

/** Reads the lines of one batch, and those that queues still hold when the batch is gone. */
export class LineParser implements Origin, LineSource {
  readonly #ruleset: Ruleset
  /** The look-ups that were there when its lines were first read. */
  readonly #geo: GeoLookup
  readonly batch: string
  readonly correlation: string
  readonly path: string
  readonly labels: Map<string, string>
  readonly observedAt: Time
  readonly #arrival: Arrival

  /** `batch` and `correlation` are event ids. */
  constructor(
    ruleset: Ruleset,
    geo: GeoLookup,
    { batch, correlation }: { readonly batch: string; readonly correlation: string },
    { path, labels, zone, observedAt, time }: LineOrigin
  ) {
    this.#ruleset = ruleset
    this.#geo = geo
    this.batch = batch
    this.correlation = correlation
    this.path = path
    this.labels = new Map(Object.entries(labels))
    const observed = microseconds(parseTimestamp(observedAt) ?? 0)
    this.observedAt = new Time(BigInt(observed) * 1000n)
    // A zone that was known where the batch was recorded need not be known here.
    const dates = { observedAt: observed / 1000, zone: isZone(zone) ? zone : "UTC", asInTests: time === "said" }
    this.#arrival = { observed, mode: time, dates, previous: undefined }
  }

  get parsing(): string {
    return this.#ruleset.parsing
  }

  get contexts(): Ruleset["contexts"] {
    return this.#ruleset.contexts
  }

  /** Made when it is asked for: the batch itself, with its body, is not held. */
  get line(): LineOrigin {
    const { mode, dates } = this.#arrival
    const { path, labels } = this
    const observedAt = formatTimestamp(dates.observedAt)
    return { path, labels: Object.fromEntries(labels), zone: dates.zone, observedAt, time: mode }
  }

  /**
   * Makes the event that of the line. `previous` is the detection time of the source's previous line. Gives what the
   * line itself says of its time, if anything, in microseconds since 1970. `lean`: what no rule reads may be left out.
   */
  parse(
    event: PipelineEvent,
    text: string,
    previous: number | undefined,
    state: WorldState,
    watch?: Watch,
    lean = false
  ): number | undefined {
    const { world, liveness } = this.#ruleset
    const arrival = this.#arrival
    arrival.previous = previous
    const raw = text.length > longestLine ? text.slice(0, longestLine) : text
    event.origin = this
    event.batch = this.batch
    event.correlation = this.correlation
    const isLean = lean && liveness !== undefined && raw.length <= longLine
    const assumed = detectionTime(arrival, undefined)
    const isTimeKnown = state.clock !== undefined
    let own: number | undefined
    if (!isTimeKnown) {
      // What asks for the present, stashes above all, goes by the line's own time, which only parsing it tells.
      world.rehearse(state, assumed)
      own = this.#run(event, raw, assumed, isLean)
    }
    if (isTimeKnown || world.asksTime || watch !== undefined) {
      world.enter(state, detectionTime(arrival, own))
      own = this.#run(event, raw, assumed, isLean, watch)
    }
    event.at = detectionTime(arrival, own)
    event.singular = world.touched
    event.lean = isLean
    return own
  }

  /** Lets the rules make the event that of the line. Gives what the line itself says of its time. */
  #run(event: PipelineEvent, raw: string, assumed: number, lean: boolean, watch?: Watch): number | undefined {
    const { world, parsers } = this.#ruleset
    event.begin(raw, this, assumed)
    const pass: Pass = { evt: event, world, arrival: this.#arrival, date: undefined, lean }
    parsers.parse(pass, watch)
    return ownTime(pass)
  }

  /** Whoever is at work in the rules' world meanwhile finds it as it was. */
  parseAgain(queued: QueuedEvent, into: PipelineEvent): void {
    const { at, index } = queued
    const state: WorldState = { ...untouched, lookup: this.#geo }
    this.#ruleset.world.aside(() => this.parse(into, queued.raw, at, state))
    into.index = index
    into.at = at
  }
}

/** A rule may also write `MarshaledTime` without the ParseDate method. */
const ownTime = ({ evt, date }: Pass): number | undefined => {
  if (evt.MarshaledTime === "") return undefined
  const instant = date?.text === evt.MarshaledTime ? date.instant : parseTimestamp(evt.MarshaledTime)
  return instant === undefined ? undefined : microseconds(instant)
}
