/** Lines that are judged without being recorded: those of a test, or of a question such as "what would you make of it?". */
import { derivedId } from "../events/derived-id.ts"
import type { RecordedEvent } from "../events/event.ts"
import { type LogBatch, LogBatchAppended } from "../events/log-batch.ts"

/** A batch without a body, on the lines' own time. */
export const unrecordedBatch = (
  from: Pick<LogBatch, "path" | "labels" | "zone" | "observedAt">
): RecordedEvent<"LogBatchAppended", LogBatch> => ({
  id: derivedId("unrecorded", from.path),
  type: LogBatchAppended.type,
  data: {
    ...from,
    source: from.path,
    time: "own",
    file: { device: 0, inode: 0, fingerprint: { bytes: 0, sha256: "0".repeat(64) } },
    range: { from: 0, to: 0 },
    startsInsideLine: false,
    endsInsideLine: false,
    lines: 0,
    encoding: "zstd",
    commitment: null,
    body: new Uint8Array()
  },
  stream: "unrecorded",
  revision: 0,
  position: 0,
  recordedAt: 0,
  metadata: { version: LogBatchAppended.version }
})
