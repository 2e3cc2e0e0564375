/**
 * `TimePassed`, on the stream `time`: nothing arrived, and it got so late that a bucket was due to run over. No verdict
 * rests on a clock, so what the clock said is recorded.
 */
import * as Schema from "effect/Schema"
import { declareEvent, Timestamp } from "./event.ts"

export const Passage = Schema.Struct({ at: Timestamp })
export type Passage = typeof Passage.Type

export const TimePassed = declareEvent({
  type: "TimePassed",
  version: 1,
  schema: Passage,
  stream: "time",
  tells: "That nothing arrived for so long that a bucket was due to run over."
})
