/**
 * Checks a log through the port: what every store has to keep. Order, ids unique in their stream, revisions without a gap,
 * schemas, and what batches committed to. A chain over several writers' events is no store's but the embedded one's.
 */
import * as Effect from "effect/Effect"
import { LogBatchAppended } from "../../domain/events/log-batch.ts"
import type { TestudoEvent } from "../../domain/events/catalogue.ts"
import { keepsCommitment } from "../acquisition/body.ts"
import { EventStore, type StoreUnavailable } from "./event-store.ts"
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

  const check = (event: TestudoEvent): void => {
    events++
    if (event.position <= after) findings.at(event, `it comes behind position ${after}`)
    after = Math.max(after, event.position)
    // The first revision that is kept: older ones may have been dropped.
    findings.revision(event, () => event.revision)
    const known = ids.get(event.stream) ?? new Set()
    ids.set(event.stream, known)
    if (known.has(event.id)) findings.at(event, `the id ${event.id} is in its stream more than once`)
    known.add(event.id)
    try {
      if (LogBatchAppended.is(event) && !keepsCommitment(event.data))
        findings.at(event, "its lines are not those that it committed to")
    } catch (error) {
      findings.at(event, error instanceof Error ? error.message : String(error))
    }
  }

  while (after < until && !findings.isFull) {
    const page = yield* store.readAll({ after, limit: pageLength })
    if (page.length === 0) break
    for (const event of page) if (event.position <= until) check(event)
    if (page.at(-1)!.position > until) break
    yield* Effect.yieldNow
  }
  return { events, streams: findings.streams, dropped: 0, head: null, findings: findings.found }
})
