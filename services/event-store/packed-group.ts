/**
 * Groups of appends as they cross to the writer's thread: lists of values and a few long texts, because copying text is
 * cheap and copying objects is not. None of what is joined holds a line feed: stream names, ids, types, JSON.
 */
import type { AppendGroup, DropGroup, ReadyAppend, ReadyEvent, ReadyGroup } from "./ready-group.ts"

interface PackedAppends {
  readonly recordedAt: number
  readonly streams: string
  /** Of each stream's part what it expects, and how many events it has. */
  readonly expected: ReadonlyArray<ReadyAppend["expected"]>
  readonly counts: ReadonlyArray<number>
  readonly ids: string
  readonly types: string
  readonly metadata: string
  /** Each for itself: one with letters beyond Latin-1 would make all of a long text take twice the room. */
  readonly data: ReadonlyArray<string>
  /** Of the events that have some, by index. */
  readonly bytes: ReadonlyArray<readonly [index: number, bytes: Uint8Array]>
}

export type PackedGroup = DropGroup | PackedAppends

const separator = "\n"

const packAppends = ({ parts, recordedAt }: AppendGroup): PackedAppends => {
  const events = parts.flatMap((part) => part.events)
  const joined = (text: (event: ReadyEvent) => string): string => events.map(text).join(separator)
  return {
    recordedAt,
    streams: parts.map(({ stream }) => stream).join(separator),
    expected: parts.map(({ expected }) => expected),
    counts: parts.map((part) => part.events.length),
    ids: joined(({ id }) => id),
    types: joined(({ type }) => type),
    metadata: joined(({ metadata }) => metadata),
    data: events.map(({ data }) => data),
    bytes: events.flatMap(({ bytes }, index) => (bytes === undefined ? [] : [[index, bytes] as const]))
  }
}

export const pack = (group: ReadyGroup): PackedGroup => ("drop" in group ? group : packAppends(group))

const unpackAppends = (packed: PackedAppends): AppendGroup => {
  const [streams, ids, types, metadata] = [packed.streams, packed.ids, packed.types, packed.metadata].map((text) =>
    text.split(separator)
  )
  const bytes = new Map(packed.bytes)
  let next = 0
  const parts = packed.counts.map((count, part): ReadyAppend => {
    const events: Array<ReadyEvent> = []
    for (const end = next + count; next < end; next++) {
      const [id, type, about, data] = [ids![next]!, types![next]!, metadata![next]!, packed.data[next]!]
      events.push({ id, type, metadata: about, data, bytes: bytes.get(next) })
    }
    return { stream: streams![part]!, expected: packed.expected[part]!, events }
  })
  return { recordedAt: packed.recordedAt, parts }
}

export const unpack = (group: PackedGroup): ReadyGroup => ("drop" in group ? group : unpackAppends(group))
