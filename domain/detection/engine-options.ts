/** What an engine is told besides its rules, and what sees it at work. */
import type { Bucket } from "./bucket/bucket.ts"
import type { TimeMode } from "./detection-time.ts"
import type { GeoLookup } from "./world/geo.ts"
import type { Watch } from "./parse/stages.ts"
import type { PipelineEvent } from "./event/pipeline-event.ts"
import type { Fate } from "./bucket/pour.ts"

export interface EngineOptions {
  readonly geo?: GeoLookup
  /** Open buckets of one scenario; beyond, the one left alone for the longest goes. Part of what a verdict rests on. */
  readonly bucketsPerScenario?: number
  /** Characters that the buckets of one scenario hold; beyond, the same. */
  readonly charactersPerScenario?: number
  /**
   * Where overflows of scenarios with `reprocess` are poured again: `here`, at once (without it), or `elsewhere`, by the
   * engine of another node, which reads them in the log (see `meta-buckets.ts`).
   */
  readonly metaBuckets?: "here" | "elsewhere"
  /** Instead of what the batches say of it. */
  readonly time?: TimeMode
  /** Sees what every node made of every event, and every pour: for explanations and tests of rules. */
  readonly watch?: EngineWatch
}

export interface EngineWatch extends Watch {
  readonly poured?: (event: PipelineEvent, bucket: Bucket, fate: Fate) => void
  /** The time of a bucket was over, and it runs over. */
  readonly expired?: (bucket: Bucket) => void
  /** An overflow that goes no further. */
  readonly held?: (bucket: Bucket, by: Held) => void
  /** Every overflow after the postoverflows, the whitelisted ones too. */
  readonly overflow?: (event: PipelineEvent) => void
}

/** What held an overflow back: `nobody` when it has no source that an alert could be about. */
export type Held = "overflow_filter" | "blackhole" | "nobody"
