/**
 * Checks a log through the port: what every store has to keep. Order, ids unique in their stream, revisions without a gap,
 * schemas, and what batches committed to. A chain over several writers' events is no store's but the embedded one's.
 */
import * as Effect from "effect/Effect"
import { LogBatchAppended } from "../../domain/events/log-batch.ts"
import { isUnreadable } from "../../domain/events/unreadable.ts"
import { keepsCommitment } from "../acquisition/body.ts"
import { EventStore, type StoreUnavailable } from "./event-store.ts"
import { recordedEvent, type Row } from "./row.ts"
import { Findings, type Verification } from "./verification.ts"

/** One event can hold a megabyte. */
const pageLength = 200

export const verifyLog: Effect.Effect<Verification, StoreUnavailable, EventStore> = Effect.gen(function* () {
  const store = yield* EventStore
  const until = yield* store.head
  const findings = new Findings()
  const ids = new Map<string, Set<string>>()
  let after = -1
  let events = 0

  const check = (row: Row): void => {
    events++
    if (row.position <= after) findings.at(row, `it comes behind position ${after}`)
    after = Math.max(after, row.position)
    // The first revision that is kept: older ones may have been dropped.
    findings.revision(row, () => row.revision)
    const known = ids.get(row.stream) ?? new Set()
    ids.set(row.stream, known)
    if (known.has(row.id)) findings.at(row, `the id ${row.id} is in its stream more than once`)
    known.add(row.id)
    try {
      const event = recordedEvent(row)
      if (event === undefined) return
      if (isUnreadable(event)) findings.at(row, `it is not readable: ${event.data.reason}`)
      else if (LogBatchAppended.is(event) && !keepsCommitment(event.data))
        findings.at(row, "its lines are not those that it committed to")
    } catch (error) {
      findings.at(row, error instanceof Error ? error.message : String(error))
    }
  }

  while (after < until && !findings.isFull) {
    const page = yield* store.readStored(after, pageLength)
    if (page.length === 0) break
    for (const row of page) if (row.position <= until) check(row)
    if (page.at(-1)!.position > until) break
    yield* Effect.yieldNow
  }
  return { events, streams: findings.streams, dropped: 0, head: null, findings: findings.found }
})
