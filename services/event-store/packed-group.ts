/**
 * Groups of appends as they cross to the writer's thread: the texts of many events in a few long ones, because copying
 * text is cheap and copying objects is not. Neither JSON nor an id or a type holds a line feed.
 */
import type { DropGroup, ReadyAppend, ReadyEvent, ReadyGroup } from "./log-writer.ts"

interface PackedAppend {
  readonly stream: string
  readonly expected: ReadyAppend["expected"]
  readonly count: number
  readonly ids: string
  readonly types: string
  readonly metadata: string
  readonly data: string
  /** Of the events that have some, by index. */
  readonly bytes: ReadonlyArray<readonly [index: number, bytes: Uint8Array]>
}

export type PackedGroup = DropGroup | { readonly recordedAt: number; readonly parts: ReadonlyArray<PackedAppend> }

const separator = "\n"

const joined = (events: ReadonlyArray<ReadyEvent>, text: (event: ReadyEvent) => string): string =>
  events.map(text).join(separator)

const packPart = ({ stream, expected, events }: ReadyAppend): PackedAppend => ({
  stream,
  expected,
  count: events.length,
  ids: joined(events, ({ id }) => id),
  types: joined(events, ({ type }) => type),
  metadata: joined(events, ({ metadata }) => metadata),
  data: joined(events, ({ data }) => data),
  bytes: events.flatMap(({ bytes }, index) => (bytes === undefined ? [] : [[index, bytes] as const]))
})

export const pack = (group: ReadyGroup): PackedGroup =>
  "drop" in group ? group : { recordedAt: group.recordedAt, parts: group.parts.map(packPart) }

const unpackPart = (part: PackedAppend): ReadyAppend => {
  const { stream, expected, count } = part
  const bytes = new Map(part.bytes)
  const [types, metadata, data] = [part.types, part.metadata, part.data].map((text) => text.split(separator))
  const ids = count === 0 ? [] : part.ids.split(separator)
  const events = ids.map((id, index) => ({
    id,
    type: types![index]!,
    metadata: metadata![index]!,
    data: data![index]!,
    bytes: bytes.get(index)
  }))
  return { stream, expected, events }
}

export const unpack = (group: PackedGroup): ReadyGroup =>
  "drop" in group ? group : { recordedAt: group.recordedAt, parts: group.parts.map(unpackPart) }
