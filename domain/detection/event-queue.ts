/** The last events of a bucket. Bounded even where the rule sets no bound: the log is the attacker's to write. */
import type { PipelineEvent } from "./pipeline-event.ts"

/** What an unlimited queue (a conditional bucket's, say) holds at most. */
const longest = 1_000

export class EventQueue {
  /** Expressions read it as `queue.Queue`. */
  Queue: Array<PipelineEvent> = []
  readonly L: number

  /** `length` -1: unlimited, up to 1,000 events. */
  constructor(length: number) {
    this.L = length < 0 || length >= longest ? longest - 1 : length
  }

  /** CrowdSec's queue holds one event more than its length says. */
  add(event: PipelineEvent): void {
    while (this.Queue.length > this.L) this.Queue.shift()
    this.Queue.push(event)
  }

  GetQueue(): ReadonlyArray<PipelineEvent> {
    return this.Queue
  }
}
