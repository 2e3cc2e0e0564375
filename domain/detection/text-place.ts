/**
 * Where a text of an event stands: an entry of one of its maps, or a field of the event itself or of its line. A number
 * and a slot, so that whoever reads or writes many of them needs no function for each.
 */
import { type FieldMap, fieldNames } from "../text/fields.ts"
import type { PipelineEvent } from "./pipeline-event.ts"

export interface TextPlace {
  readonly kind: number
  /** In the map; 0 for what is in none. */
  readonly slot: number
}

const parsed = 0
const meta = 1
const enriched = 2
const strTime = 3
const strTimeFormat = 4
const marshaledTime = 5
const stage = 6
const whitelistReason = 7
const lineRaw = 8
const lineSrc = 9
const lineModule = 10

const kinds: ReadonlyMap<string, number> = new Map([
  ["StrTime", strTime],
  ["StrTimeFormat", strTimeFormat],
  ["MarshaledTime", marshaledTime],
  ["Stage", stage],
  ["WhitelistReason", whitelistReason],
  ["Line.Raw", lineRaw],
  ["Line.Src", lineSrc],
  ["Line.Module", lineModule]
])

const maps: Readonly<Record<FieldMap, number>> = { Parsed: parsed, Meta: meta, Enriched: enriched }

const isMap = (name: string): name is FieldMap => Object.hasOwn(maps, name)

/** By the path that rules name it by, without `evt.`; undefined when no text stands there. */
export const placeOf = (path: string): TextPlace | undefined => {
  const dot = path.indexOf(".")
  const map = path.slice(0, Math.max(dot, 0))
  const key = path.slice(dot + 1)
  if (isMap(map)) return key === "" ? undefined : placeOfEntry(map, key)
  const kind = kinds.get(path)
  return kind === undefined ? undefined : { kind, slot: 0 }
}

export const placeOfEntry = (map: FieldMap, key: string): TextPlace => ({
  kind: maps[map],
  slot: fieldNames[map].slot(key)
})

/** A missing one is "". */
export const readText = (event: PipelineEvent, kind: number, slot: number): string => {
  switch (kind) {
    case parsed:
      return event.Parsed.at(slot) ?? ""
    case meta:
      return event.Meta.at(slot) ?? ""
    case enriched:
      return event.Enriched.at(slot) ?? ""
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

export const writeText = (event: PipelineEvent, kind: number, slot: number, text: string): void => {
  switch (kind) {
    case parsed:
      event.Parsed.put(slot, text)
      break
    case meta:
      event.Meta.put(slot, text)
      break
    case enriched:
      event.Enriched.put(slot, text)
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

/** One text that goes from place to place; `text` where it is known beforehand, and no place is read. */
export interface Move {
  readonly from: TextPlace | undefined
  readonly text: string
  readonly to: TextPlace
}

/**
 * Does the moves in their order: most statics are such, and a table for a run of them is cheaper than a function for
 * each. An empty text is not copied, as if it were not there.
 */
export const compileMoves = (moves: ReadonlyArray<Move>): ((scope: { readonly evt: PipelineEvent }) => void) => {
  const count = moves.length
  const table = Int32Array.from(moves.flatMap(({ from, to }) => [from?.kind ?? -1, from?.slot ?? 0, to.kind, to.slot]))
  const texts = moves.map(({ text }) => text)
  return ({ evt }) => {
    for (let i = 0; i < count; i++) {
      const at = i * 4
      const kind = table[at]!
      const text = kind < 0 ? texts[i]! : readText(evt, kind, table[at + 1]!)
      if (kind < 0 || text !== "") writeText(evt, table[at + 2]!, table[at + 3]!, text)
    }
  }
}
