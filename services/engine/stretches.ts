/** The log in stretches: what is judged before its verdicts are appended together. */
import type { TestudoEvent } from "../../domain/events/catalogue.ts"
import { DecisionMade } from "../../domain/events/decision.ts"
import { LogBatchAppended } from "../../domain/events/log-batch.ts"

/**
 * So many events, and about so many log lines, are judged before their verdicts are appended together. Judging and
 * appending one stretch is not interrupted, and no snapshot is taken within: bounds the memory, the wait for a ban in a
 * backlog, the wait at a stop and what a crash repeats. Decisions do not count.
 */
const stretchLength = 16
const stretchLines = 8_000

/** It is remembered in no time and calls for nothing: mostly this engine's own, which comes back behind every overflow. */
export const isDecision = ({ type }: TestudoEvent): boolean => type === DecisionMade.type

export const stretches = (page: ReadonlyArray<TestudoEvent>): ReadonlyArray<ReadonlyArray<TestudoEvent>> => {
  const cut: Array<Array<TestudoEvent>> = []
  let length = 0
  let lines = 0
  for (const event of page) {
    const stretch = cut.at(-1)
    if (stretch === undefined || length === stretchLength || lines >= stretchLines) {
      cut.push([event])
      length = 0
      lines = 0
    } else stretch.push(event)
    if (!isDecision(event)) length += 1
    if (LogBatchAppended.is(event)) lines += event.data.lines
  }
  return cut
}
