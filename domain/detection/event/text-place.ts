/**
 * Where a text of an event stands: an entry of one of its maps, a label of its line, or a field of the event itself or of
 * its line. One method reads from all kinds of places: where a function for each kind were called, the processor would
 * have to guess which one comes.
 */
import { type FieldMap, fieldNames } from "../../text/fields.ts"
import type { PipelineEvent } from "./pipeline-event.ts"

const parsed = 0
const meta = 1
const enriched = 2
const label = 3
const strTime = 4
const strTimeFormat = 5
const marshaledTime = 6
const stage = 7
const whitelistReason = 8
const lineRaw = 9
const lineSrc = 10
const lineModule = 11

export class TextPlace {
  readonly #kind: number
  readonly #slot: number
  readonly #key: string
  /** What was last read of a label: all lines of a batch share their labels, which nobody changes. */
  #labels: ReadonlyMap<string, string> | undefined
  #label = ""

  protected constructor(kind: number, slot: number, key: string) {
    this.#kind = kind
    this.#slot = slot
    this.#key = key
  }

  /** By the path that rules name it by, without `evt.`; undefined when no text stands there. */
  static at(path: string): TextPlace | undefined {
    const [first, ...rest] = path.split(".")
    const key = rest.join(".")
    if (isMap(first!)) return key === "" ? undefined : TextPlace.entry(first, key)
    if (first === "Line" && rest[0] === "Labels" && rest.length === 2) return TextPlace.entry("Labels", rest[1]!)
    const kind = fields.get(path)
    return kind === undefined ? undefined : new TextPlace(kind, 0, "")
  }

  /** An entry of a map of the event, or a label of its line. */
  static entry(map: FieldMap | "Labels", key: string): TextPlace {
    return map === "Labels" ? new TextPlace(label, 0, key) : new TextPlace(maps[map], fieldNames[map].slot(key), key)
  }

  /** A missing text is "". */
  read(event: PipelineEvent): string {
    switch (this.#kind) {
      case parsed:
        return event.Parsed.at(this.#slot) ?? ""
      case meta:
        return event.Meta.at(this.#slot) ?? ""
      case enriched:
        return event.Enriched.at(this.#slot) ?? ""
      case label:
        return this.#labelOf(event.Line.Labels)
      case strTime:
        return event.StrTime
      case strTimeFormat:
        return event.StrTimeFormat
      case marshaledTime:
        return event.MarshaledTime
      case stage:
        return event.Stage
      case whitelistReason:
        return event.WhitelistReason
      case lineRaw:
        return event.Line.Raw
      case lineSrc:
        return event.Line.Src
      default:
        return event.Line.Module
    }
  }

  #labelOf(labels: ReadonlyMap<string, string>): string {
    if (labels !== this.#labels) {
      this.#labels = labels
      this.#label = labels.get(this.#key) ?? ""
    }
    return this.#label
  }

  write(event: PipelineEvent, text: string): void {
    switch (this.#kind) {
      case parsed:
        event.Parsed.put(this.#slot, text)
        break
      case meta:
        event.Meta.put(this.#slot, text)
        break
      case enriched:
        event.Enriched.put(this.#slot, text)
        break
      case label:
        // A map of its own: see above.
        event.Line.Labels = new Map(event.Line.Labels).set(this.#key, text)
        break
      case strTime:
        event.StrTime = text
        break
      case strTimeFormat:
        event.StrTimeFormat = text
        break
      case marshaledTime:
        event.MarshaledTime = text
        break
      case stage:
        event.Stage = text
        break
      case whitelistReason:
        event.WhitelistReason = text
        break
      case lineRaw:
        event.Line.Raw = text
        break
      case lineSrc:
        event.Line.Src = text
        break
      default:
        event.Line.Module = text
    }
  }
}

const maps: Readonly<Record<FieldMap, number>> = { Parsed: parsed, Meta: meta, Enriched: enriched }

const isMap = (name: string): name is FieldMap => Object.hasOwn(maps, name)

const fields: ReadonlyMap<string, number> = new Map([
  ["StrTime", strTime],
  ["StrTimeFormat", strTimeFormat],
  ["MarshaledTime", marshaledTime],
  ["Stage", stage],
  ["WhitelistReason", whitelistReason],
  ["Line.Raw", lineRaw],
  ["Line.Src", lineSrc],
  ["Line.Module", lineModule]
])
