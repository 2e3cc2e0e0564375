/** `LogBatchAppended`: a piece of a log as it was read, on the stream `log-<source>`. */
import * as Schema from "effect/Schema"
import { Bytes, declareEvent, Sha256, Timestamp } from "./event.ts"

/** Which file the bytes came from. Device and inode survive a rename, the fingerprint reveals a reused inode. */
export const FileIdentity = Schema.Struct({
  device: Schema.Int,
  inode: Schema.Int,
  /** Hash of the first `bytes` bytes of the (decompressed) file at the time of reading. */
  fingerprint: Schema.Struct({ bytes: Schema.Int, sha256: Sha256 })
})
export type FileIdentity = typeof FileIdentity.Type

export const LogBatch = Schema.Struct({
  source: Schema.String,
  /** Path as it was configured or named, for people and for `evt.Line.Src`. */
  path: Schema.String,
  /** Labels of the acquisition; `type` says which log it is. */
  labels: Schema.Record(Schema.String, Schema.String),
  /** IANA name of the zone that time stamps without one are in. */
  zone: Schema.String,
  /** When the lines were seen. Also fixes the year of time stamps without one. */
  observedAt: Timestamp,
  /**
   * How lines get their detection time: `observed` (a live log: the observed time, unless the line's own time says that
   * it waited) or `own` (a cold log: always the line's own time).
   */
  time: Schema.Literals(["observed", "own"]),
  file: FileIdentity,
  /**
   * Byte range of the (decompressed) file that the body holds: `from` inclusive, `to` exclusive. When it is empty, the batch
   * only says where reading goes on in this file.
   */
  range: Schema.Struct({ from: Schema.Int, to: Schema.Int }),
  /** The range's first bytes are the rest of a line that an earlier batch began: that line is too long for one batch. */
  startsInsideLine: Schema.Boolean,
  /** The range ends within a line that the next batch of this file goes on with. */
  endsInsideLine: Schema.Boolean,
  /** Number of line beginnings in the body, empty lines included. */
  lines: Schema.Int,
  encoding: Schema.Literal("zstd"),
  /**
   * SHA-256 over the salted digests of the body's lines, in order: lines can be taken out of the body, and the rest still
   * proves that it is what was recorded. Null in batches of version 1, which commit to their whole body.
   */
  commitment: Schema.NullOr(Sha256),
  /** The raw bytes of the range, line ends included, with what the commitment needs: `services/acquisition/body.ts`. */
  body: Bytes
})
export type LogBatch = typeof LogBatch.Type

export const LogBatchAppended = declareEvent({
  type: "LogBatchAppended",
  version: 2,
  schema: LogBatch,
  stream: "log-<source>",
  tells: "A piece of a log, as it was read.",
  bytes: "body",
  upcasters: { 1: (batch) => ({ ...batch, encoding: "zstd", commitment: null }) }
})

/** One line of a batch: the batch's event id and the index of the line in it. */
export const LineReference = Schema.Struct({ event: Schema.String, line: Schema.Int })
export type LineReference = typeof LineReference.Type
