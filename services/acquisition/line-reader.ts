/** One source of lines being read, file after file: a log that is followed, or a set of cold files. */
import type { FileIdentity, LogBatch } from "../../domain/events/log-batch.ts"
import { sealBody } from "./body.ts"
import { identify, type Position } from "./file-identity.ts"
import type { LineWindow, Piece } from "./line-window.ts"

/** What a person says about a log. */
export interface LogDescription {
  /** Labels of the acquisition; `type` says which log it is. */
  readonly labels: Readonly<Record<string, string>>
  /** IANA name of the zone that time stamps without one are in. */
  readonly zone: string
}

/**
 * A line's own time in milliseconds since 1970, or undefined when it tells none. `observedAt` (same unit) fixes the
 * year of time stamps without one. Called for every line while several sources are merged, so it should be quick.
 */
export type TimeOf = (
  line: string,
  source: LogDescription & { readonly path: string; readonly observedAt: number }
) => number | undefined

export interface LineReader extends LogDescription {
  /** Name of the source, for the stream. */
  readonly source: string
  readonly path: string
  /** What was read and not taken. It is another window after `fill` went over to another file. */
  readonly window: LineWindow
  /**
   * Sees to it that lines are ready if there are any. `waiting`: not now, perhaps later; `end`: never again.
   * `now`: milliseconds since 1970. Problems are reported, never thrown.
   */
  fill(now: number): Promise<"lines" | "waiting" | "end">
  /** Takes a batch of up to `most` of the lines that are ready; undefined when there are none. */
  take(now: number, most?: number): LogBatch | undefined
  close(): Promise<void>
}

/** A log that is read, as its batches name it. */
type ReadLog = LogDescription & { readonly source: string; readonly path: string }

/** The data of the event, from a piece of a file. */
export const batchOf = (
  log: ReadLog,
  file: { readonly device: number; readonly inode: number; readonly head: Buffer },
  piece: Piece,
  time: LogBatch["time"],
  now: number
): LogBatch => batchIn(log, identify(file, file.head, piece.to), piece, time, now)

/** How far a file counts as read: a batch without lines, behind which reading goes on at this position. */
export const checkpointOf = (log: ReadLog, { file, insideLine, to }: Position, now: number): LogBatch => {
  const nothing = { bytes: Buffer.alloc(0), ends: [], lines: 0 }
  const piece = { from: to, to, ...nothing, startsInsideLine: false, endsInsideLine: insideLine }
  return batchIn(log, file, piece, "observed", now)
}

const batchIn = (
  { labels, path, source, zone }: ReadLog,
  file: FileIdentity,
  { bytes, ends, endsInsideLine, from, lines, startsInsideLine, to }: Piece,
  time: LogBatch["time"],
  now: number
): LogBatch => ({
  source,
  path,
  labels: { ...labels },
  zone,
  observedAt: new Date(now).toISOString(),
  time,
  file,
  range: { from, to },
  startsInsideLine,
  endsInsideLine,
  lines,
  encoding: "zstd",
  ...sealBody(bytes, ends)
})
