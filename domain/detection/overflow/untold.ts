/**
 * Overflows whose alerts nobody waits for but the log. What alerts show is made of lines that are parsed once more, by
 * code that lines seldom come to: many alerts one after the other take less time than each at its line.
 *
 * They are the same alerts, in the same order, as long as nothing that happens in between can be seen in them.
 */
import type { Bucket } from "../bucket/bucket.ts"
import type { PipelineEvent } from "../event/pipeline-event.ts"

/** A bucket when it ran over. The bucket itself takes other events from then on. */
export type Spilt = Pick<Bucket, "scenario" | "group" | "Queue" | "Total_count" | "first" | "last" | "overflowed">

export const spiltOf = ({ scenario, group, Queue, Total_count, first, last, overflowed }: Bucket): Spilt => ({
  scenario,
  group,
  Queue,
  Total_count,
  first,
  last,
  overflowed
})

export interface Untold {
  readonly bucket: Spilt
  /** What made it run over. */
  readonly trigger: Pick<PipelineEvent, "reference" | "correlation">
  /** Number of the line, or of the moment, at which it ran over: what alerts show is bounded for each. */
  readonly moment: number
}

/** So many wait; then they are told although the batch goes on. */
export const mostUntold = 256
