/**
 * What a reader gives in place of an event whose data breaks its schema, because a fault, another program or another
 * version wrote it: one bad event must not hide those behind it. It is never stored, and no type of the catalogue.
 */
import type { RecordedEvent } from "./event.ts"

export interface Unreadable {
  /** The event's real type. */
  readonly type: string
  /** What is wrong with it, for people. */
  readonly reason: string
}

export type UnreadableEvent = RecordedEvent<"Unreadable", Unreadable>

const longestReason = 300

export const unreadable = (event: Omit<RecordedEvent, "data" | "metadata">, error: unknown): UnreadableEvent => {
  const { id, type, stream, revision, position, recordedAt } = event
  const reason = String(error instanceof Error ? error.message : error).slice(0, longestReason)
  return {
    id,
    type: "Unreadable",
    stream,
    revision,
    position,
    recordedAt,
    metadata: { version: 0 },
    data: { type, reason }
  }
}

export const isUnreadable = (event: RecordedEvent): event is UnreadableEvent => event.type === "Unreadable"
