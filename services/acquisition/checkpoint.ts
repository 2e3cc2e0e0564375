/** How far a file counts as read under a name under which no line of it was read. */
import type { LogBatch } from "../../domain/events/log-batch.ts"
import { sealBody } from "./body.ts"
import type { Position } from "./file-identity.ts"
import type { LogDescription } from "./line-reader.ts"

/** A batch without lines: once it is the last one on its stream, reading goes on at this position. */
export const checkpointOf = (
  log: LogDescription & { readonly source: string; readonly path: string },
  position: Position,
  now: number
): LogBatch => ({
  source: log.source,
  path: log.path,
  labels: { ...log.labels },
  zone: log.zone,
  observedAt: new Date(now).toISOString(),
  time: "observed",
  file: position.file,
  range: { from: position.to, to: position.to },
  startsInsideLine: false,
  endsInsideLine: position.insideLine,
  lines: 0,
  encoding: "zstd",
  ...sealBody(Buffer.alloc(0))
})
