/** From a line of a batch to an event with its detection time. */
import { Time } from "../expression/time.ts"
import type { LineReference, LogBatch } from "../events/log-batch.ts"
import { parseTimestamp } from "../time/instant.ts"
import { isZone } from "../time/zone.ts"
import { type Arrival, detectionTime, microseconds } from "./detection-time.ts"
import type { Watch } from "./node.ts"
import type { Pass } from "./pass.ts"
import { PipelineEvent } from "./pipeline-event.ts"
import type { Ruleset } from "./ruleset.ts"
import type { WorldState } from "./world.ts"

/** What rules see of a line at most, in characters; CrowdSec reads no longer ones at all. */
const longestLine = 65_536

/** What of a batch its lines need. */
export type LineOrigin = Pick<LogBatch, "path" | "labels" | "zone" | "observedAt" | "time">

/** Reads the lines of one batch. */
export class LineParser {
  readonly #ruleset: Ruleset
  readonly #state: WorldState
  readonly #origin: LineOrigin
  readonly #labels: Map<string, string>
  readonly #observed: number
  readonly #observedAt: Time
  readonly #zone: string
  readonly #watch: Watch | undefined

  constructor(ruleset: Ruleset, state: WorldState, origin: LineOrigin, watch?: Watch) {
    this.#ruleset = ruleset
    this.#state = state
    this.#origin = origin
    this.#labels = new Map(Object.entries(origin.labels))
    this.#observed = microseconds(parseTimestamp(origin.observedAt) ?? 0)
    this.#observedAt = new Time(BigInt(this.#observed) * 1000n)
    // A zone that was known where the batch was recorded need not be known here.
    this.#zone = isZone(origin.zone) ? origin.zone : "UTC"
    this.#watch = watch
  }

  /** `previous` is the detection time of the source's previous line. `own` is what the line itself says, if anything. */
  parse(
    text: string,
    reference: LineReference,
    correlation: string,
    previous: number | undefined
  ): { readonly event: PipelineEvent; readonly own: number | undefined } {
    const { path, time: mode } = this.#origin
    const arrival: Arrival = { observed: this.#observed, mode, zone: this.#zone, previous }
    const line = {
      Raw: text.slice(0, longestLine),
      Src: path,
      Time: this.#observedAt,
      Labels: this.#labels,
      Process: true,
      Module: "file"
    }
    const evt = PipelineEvent.ofLine(reference, correlation, line, detectionTime(arrival, undefined))
    const { world, parsers } = this.#ruleset
    world.enter(this.#state, evt.at)
    const pass: Pass = { evt, world, arrival, date: undefined, wantsName: false }
    parsers.parse(pass, this.#watch)
    const own = ownTime(pass)
    evt.at = detectionTime(arrival, own)
    evt.singular = world.touched
    return { event: evt, own }
  }
}

/** A rule may also write `MarshaledTime` without the ParseDate method. */
const ownTime = ({ evt, date }: Pass): number | undefined => {
  if (evt.MarshaledTime === "") return undefined
  if (date?.text === evt.MarshaledTime) return date.own
  const instant = parseTimestamp(evt.MarshaledTime)
  return instant === undefined ? undefined : microseconds(instant)
}
