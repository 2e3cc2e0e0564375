/**
 * Stretches of streams that were rewritten, as an erasure does: how they are written down.
 *
 * The server rewrites no event, and takes events only from the beginning of a stream. So the beginning of a stream, up to
 * the last event that is to change, is written once more, as it is to read, into a stream of its own: a segment. Then the
 * old is truncated. Each event of a segment says where it stood, and readers show it there: with its revision and its
 * position, so that nothing moves in the order of the log, and nobody counts it twice. The stream `segments` tells which
 * there are, and an append to it is the moment from which a segment counts.
 *
 * The types of all this begin with `$`, which events of the log never do: whoever reads all of it does not see them.
 */
import * as Schema from "effect/Schema"
import type { ServerEvent } from "./recorded.ts"

export const segmentsStream = "segments"

export const type = {
  /** A segment is begun. Without the next one it is left over from an erasure that was interrupted. */
  begun: "$testudo-segment-begun",
  /** From here on it counts. */
  made: "$testudo-segment",
  /** An event in a segment. */
  moved: "$testudo-moved",
  /** Stands behind the last event of a stream that is to be empty: the server keeps each stream's last event. */
  end: "$testudo-end"
} as const

const Place = Schema.Int.check(Schema.isGreaterThanOrEqualTo(0))
const Count = Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 1_000_000 }))

const Index = Schema.Struct({
  segment: Schema.String,
  /** The segments whose events it takes over: all before it, since a reader may have seen any of them last. */
  replaces: Schema.Array(Schema.String),
  /** The stream that readers see its events on. */
  stream: Schema.String,
  /** Revisions on that stream. */
  first: Place,
  last: Place,
  types: Schema.Array(Schema.String),
  /** Neighbouring events that are read together: first and last position, and how many. */
  chunks: Schema.Array(Schema.Tuple([Place, Place, Count])),
  /**
   * Where its events stood, as distances, when the stream was called otherwise. Nothing here says how: an erased name does
   * not come back.
   */
  renamed: Schema.NullOr(Schema.Array(Place)),
  at: Schema.String,
  by: Schema.String
})
export type SegmentIndex = typeof Index.Type
export const isIndex = Schema.is(Index)

const Moved = Schema.Struct({
  position: Place,
  revision: Place,
  id: Schema.String,
  type: Schema.String,
  data: Schema.Unknown,
  /** The erasure that made this segment has changed it. */
  rewritten: Schema.Boolean,
  /** Log lines that it took. */
  lines: Schema.Int
})
export type Moved = typeof Moved.Type
const isMoved = Schema.is(Moved)

export interface Chunk {
  readonly from: number
  readonly to: number
  /** Revision of its first event in the segment. */
  readonly at: number
  readonly events: number
}

export interface Segment extends SegmentIndex {
  readonly parts: ReadonlyArray<Chunk>
}

export const segmentOf = (index: SegmentIndex): Segment => {
  let at = 0
  const parts = index.chunks.map(([from, to, events]): Chunk => {
    const chunk = { from, to, at, events }
    at += events
    return chunk
  })
  return { ...index, parts }
}

/** An event of a segment as it stands in the log, undefined when it is none. */
export const shownIn = ({ stream }: Segment, event: ServerEvent): ServerEvent | undefined => {
  const { data: moved } = event
  if (event.type !== type.moved || !isMoved(moved)) return undefined
  const position = BigInt(moved.position)
  const { id, revision, data } = moved
  return {
    ...event,
    streamId: stream,
    id,
    type: moved.type,
    revision: BigInt(revision),
    data,
    position: { commit: position, prepare: position }
  } as ServerEvent
}
