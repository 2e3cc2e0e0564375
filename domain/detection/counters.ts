/** How much the engine has seen. */

/** What was counted since the log began. */
export interface Counters {
  lines: number
  parsed: number
  unparsed: number
  whitelisted: number
  /** Deliveries of an event to a bucket. */
  poured: number
  overflows: number
  /** Overflows that a postoverflow whitelisted. */
  whitelistedOverflows: number
  /** Buckets that ran over with events that name nobody, so that there is no overflow. */
  nameless: number
  /** Lines of which patterns saw the beginning only. */
  oversized: number
  /** Filters and groupings of scenarios that failed on what they met: they count as no match. */
  failedFilters: number
  /** Buckets that had to go because their scenario had too many. */
  evicted: number
  /** Overflows that were not poured again because too many came from one line. */
  cutChains: number
  /** Lines at which the engine itself failed: a fault of Testudo's own. They are left out and the engine goes on. */
  faults: number
}

export const noCounts = (): Counters => ({
  lines: 0,
  parsed: 0,
  unparsed: 0,
  whitelisted: 0,
  poured: 0,
  overflows: 0,
  whitelistedOverflows: 0,
  nameless: 0,
  oversized: 0,
  failedFilters: 0,
  evicted: 0,
  cutChains: 0,
  faults: 0
})
