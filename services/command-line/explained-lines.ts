/** The lines that a person wants to have explained: one that is given, or those of a file or of standard input. */
import { stat } from "node:fs/promises"
import * as Effect from "effect/Effect"
import type { RecordedEvent } from "../../domain/events/event.ts"
import { unrecordedBatch } from "../../domain/detection/unrecorded-batch.ts"
import type { LogBatch } from "../../domain/events/log-batch.ts"
import type { Problem } from "../../domain/document/problem.ts"
import { formatTimestamp } from "../../domain/time/instant.ts"
import { decodeLines } from "../acquisition/body.ts"
import { readColdFiles } from "../acquisition/cold-files.ts"
import { RecordedFiles } from "../acquisition/recorded-files.ts"

export interface LinesOptions {
  readonly type: string
  /** Of time stamps that name none. */
  readonly zone: string
  /** What is taken as now, in milliseconds since 1970. */
  readonly now: number
  readonly report: (problem: Problem) => void
  /** `number`: of the line in its file, from 1; undefined for one that was given as it is. */
  readonly each: (batch: RecordedEvent<"LogBatchAppended", LogBatch>, line: string, number: number | undefined) => void
}

/** What the person named: `-` is standard input, the path of something that is there a file, anything else a line. */
export const isFile = (given: string): Promise<boolean> =>
  given === "-"
    ? Promise.resolve(true)
    : stat(given).then(
        () => true,
        () => false
      )

export const explainedLine = (line: string, { type, zone, now, each }: LinesOptions): void =>
  each(
    unrecordedBatch({ path: "command line", labels: { type }, zone, observedAt: formatTimestamp(now) }),
    line,
    undefined
  )

/** Reads plain or compressed; memory stays bounded. Problems are reported, what could be read is given. */
export const explainedFile = (file: string, { type, zone, now, report, each }: LinesOptions) => {
  let number = 0
  const take = (batch: LogBatch): void => {
    const unrecorded = unrecordedBatch(batch)
    for (const line of decodeLines(batch)) {
      number += 1
      each(unrecorded, line, number)
    }
  }
  return readColdFiles({
    paths: [file],
    labels: { type },
    zone,
    sink: { append: (batches: ReadonlyArray<LogBatch>) => Effect.sync(() => batches.forEach(take)) },
    recorded: new RecordedFiles(),
    // One file needs no merging.
    timeOf: () => undefined,
    now,
    report
  })
}
