/** What a store holds, read beside whoever writes it. */
import * as Effect from "effect/Effect"
import type { TestudoEvent } from "../domain/events/catalogue.ts"
import { LogBatchAppended } from "../domain/events/log-batch.ts"
import { decodeLines } from "../services/acquisition/body.ts"
import { ReplayReport } from "../services/command-line/replay-report.ts"
import { EmbeddedEventStore } from "../services/event-store/embedded.ts"
import { EventStore } from "../services/event-store/event-store.ts"

/** All events in the order of the log. */
export const allEvents = Effect.fnUntraced(function* (filter?: { readonly types: ReadonlyArray<string> }) {
  const log = yield* EventStore
  const events: Array<TestudoEvent> = []
  for (let after = -1; ; after = events.at(-1)!.position) {
    const page = yield* log.readAll({ after, limit: 500, ...(filter === undefined ? {} : { filter }) })
    if (page.length === 0) return events
    events.push(...page)
  }
})

/** All events of an embedded store. Rejects when there is no store yet. */
export const recordedEvents = (
  store: string,
  filter?: { readonly types: ReadonlyArray<string> }
): Promise<ReadonlyArray<TestudoEvent>> =>
  allEvents(filter).pipe(
    Effect.provide(EmbeddedEventStore.layer({ directory: store, mode: "reader" })),
    Effect.runPromise
  )

/** The lines of all sources whose path ends like this, in the order of the log. */
export const recordedLines = async (store: string, path: string): Promise<ReadonlyArray<string>> => {
  const events = await recordedEvents(store, { types: [LogBatchAppended.type] })
  return events.flatMap((event) =>
    LogBatchAppended.is(event) && event.data.path.endsWith(path) ? decodeLines(event.data) : []
  )
}

/** How a verdict is compared: who, for what, and whether there was a ban. */
export interface Verdict {
  readonly value: string
  readonly scenarios: ReadonlyArray<string>
  readonly banned: boolean
}

export const verdictsOf = (
  offenders: ReadonlyArray<{
    readonly value: string
    readonly scenarios: ReadonlyArray<string>
    readonly decision: unknown
  }>
): ReadonlyArray<Verdict> =>
  offenders.map(({ value, scenarios, decision }) => ({ value, scenarios, banned: decision !== null }))

/** The verdicts in a store; none before there is one. */
export const recordedVerdicts = async (store: string): Promise<ReadonlyArray<Verdict>> => {
  const report = new ReplayReport()
  for (const event of await recordedEvents(store, { types: ReplayReport.types }).catch(() => [])) report.fold(event)
  return verdictsOf(report.offenders)
}

/** The verdict on somebody who is banned for these starter rules. */
export const found = (value: string, ...scenarios: ReadonlyArray<string>): Verdict => ({
  value,
  scenarios: scenarios.map((name) => `testudo/${name}`),
  banned: true
})

/** In the order of the others. */
export const sorted = (verdicts: ReadonlyArray<Verdict>): ReadonlyArray<Verdict> =>
  verdicts.toSorted((one, other) => (one.value < other.value ? -1 : 1))
