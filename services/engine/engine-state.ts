/**
 * The engine's state between two runs: a snapshot beside the store, and what the log holds beyond it. The snapshot is a
 * cache: whatever is wrong with it, the log is folded from the beginning instead, and a line says so.
 */
import { mkdir } from "node:fs/promises"
import * as Effect from "effect/Effect"
import { type EngineOptions, type GeoLookup, makeEngine } from "../../domain/detection/engine.ts"
import {
  batchesOf,
  type EngineSnapshot,
  type FindLine,
  restoreEngine,
  snapshotEngine,
  snapshotVersion
} from "../../domain/detection/snapshot.ts"
import type { DecisionHistorySnapshot } from "../../domain/decision/decision-history.ts"
import type { Allowlist } from "../../domain/events/allowlist.ts"
import { EventsDropped, OffenderErased } from "../../domain/events/audit.ts"
import { LogBatchAppended } from "../../domain/events/log-batch.ts"
import { OverflowRaised } from "../../domain/events/overflow.ts"
import { type Activation, RulesetActivated } from "../../domain/events/ruleset.ts"
import { auditStream } from "../../domain/events/stream-name.ts"
import { parseTimestamp } from "../../domain/time/instant.ts"
import { DamagedBatch, decodeLines } from "../acquisition/body.ts"
import { EventStore } from "../event-store/event-store.ts"
import { foldLog } from "../event-store/fold-log.ts"
import { lookBack } from "../event-store/look-back.ts"
import { misfit } from "../projections/restore.ts"
import { readSnapshot, writeSnapshot } from "../projections/snapshot.ts"
import { stateLines } from "../projections/state-lines.ts"
import { Judge, type JudgedBefore } from "./judge.ts"
import { type Part, rulesetStreamOf, snapshotOf } from "./part.ts"
import { compileRules, type Rulebook } from "./rulebook.ts"

/** What the engine knows at a place in the log. */
interface State {
  readonly engine: EngineSnapshot
  readonly allowlists: ReadonlyArray<Allowlist>
  /** Ids of the last overflows that other nodes raised and this one poured again. */
  readonly poured: ReadonlyArray<string>
  readonly decisions: DecisionHistorySnapshot
  /** Positions of the batches to whose lines buckets refer. */
  readonly positions: ReadonlyArray<readonly [event: string, position: number]>
  /** Lines up to this position the log was about to forget: what buckets hold of them is told. */
  readonly forgotten?: number
}

export interface Recovered {
  readonly judge: Judge
  /** Positions of the batches to whose lines the state may refer; grows with the log and is cut at every snapshot. */
  readonly positions: Map<string, number>
  /** Where the log ended when it was looked for verdicts that this fold is going to come to. */
  readonly head: number
  /** Lines up to this position the log has forgotten, or is about to. */
  readonly forgotten: number
  /** Position and id of the last event that is in the state; -1 and "" when none is. */
  readonly place: { readonly position: number; readonly event: string }
}

interface RecoverOptions {
  readonly rulebook: Rulebook
  readonly part: Part
  /** Folder of the snapshot; undefined: there is none. */
  readonly snapshots: string | undefined
  readonly names: Activation["names"]
}

/** The state of the last snapshot, or that of the beginning. */
export const recoverState = Effect.fn("engine.recover")(function* (options: RecoverOptions) {
  const kept = options.snapshots === undefined ? undefined : yield* restore(options, options.snapshots)
  if (kept !== undefined) return kept
  const rules = compileRules([], { names: options.names }).rules
  const { known, head } = yield* overflowsAfter(-1)
  const judge = new Judge({
    rules,
    known,
    ...(yield* lost),
    allowlists: [],
    poured: [],
    decisions: [],
    engine: (geo) => makeEngine(rules.ruleset, { geo, ...engineOptions(options.part) })
  })
  return { judge, positions: new Map(), head, forgotten: -1, place: { position: -1, event: "" } } satisfies Recovered
})

/** An agent leaves overflows that are to be poured again to the node that does so for all agents. */
const engineOptions = ({ role }: Part): Pick<EngineOptions, "metaBuckets"> => ({
  metaBuckets: role === "agent" ? "elsewhere" : "here"
})

/** Writes the state to the folder. False: that failed, was said, and costs nothing but time at the next start. */
export const keepState = (
  { judge, positions, place, forgotten }: Omit<Recovered, "head">,
  { part, snapshots }: { readonly part: Part; readonly snapshots: string }
): Effect.Effect<boolean> =>
  Effect.gen(function* () {
    const engine = snapshotEngine(judge.engine, (batch) => (positions.get(batch) ?? forgotten + 1) <= forgotten)
    const state: State = {
      engine,
      allowlists: judge.allowlists,
      poured: judge.poured,
      decisions: judge.decisions,
      forgotten,
      get positions() {
        // Also of lines that are told with what they hold: when the rules that parsed them are back, they are found
        // again.
        const referred = new Set(engine.events.origins)
        for (const event of positions.keys()) if (!referred.has(event)) positions.delete(event)
        return [...positions]
      }
    }
    const header = { projection: snapshotOf(part), version: snapshotVersion, ...place, recordedAt: 0 }
    yield* Effect.tryPromise(() =>
      mkdir(snapshots, { recursive: true }).then(() => writeSnapshot(snapshots, header, stateLines(state)))
    )
    return true
  }).pipe(
    Effect.catch(({ cause }) =>
      Effect.logWarning(
        `The engine's snapshot cannot be written to ${snapshots}: ${String(cause)}. The next start folds the log instead. (TST-ENGINE-SNAPSHOT)`
      ).pipe(Effect.as(false))
    )
  )

/** Ids of the overflows that the log holds after a position, and where it ended. */
const overflowsAfter = Effect.fn("engine.overflowsAfter")(function* (position: number) {
  const store = yield* EventStore
  const known = new Set<string>()
  const head = yield* store.head
  // Overflows are large: short pages.
  yield* foldLog({ after: position, limit: 200, filter: { types: [OverflowRaised.type] } }, ({ id }) => known.add(id))
  return { known, head }
})

/**
 * What the log tells of having lost. `forgottenUntil`: when the last overflow was recorded that retention has dropped, in
 * milliseconds since 1970; undefined when it has dropped none, or its store does not tell. The lines may still be there
 * that it came of. `judgedBefore`: what was judged with lines that are erased by now; undefined when none were.
 */
const lost = Effect.gen(function* () {
  const store = yield* EventStore
  let forgottenUntil: number | undefined
  let erased: number | undefined
  yield* lookBack(store, auditStream, { limit: 200 }, (event) => {
    if (EventsDropped.is(event) && event.data.types.includes(OverflowRaised.type)) {
      const until = parseTimestamp(event.data.recordedUntil)
      if (until !== undefined) forgottenUntil = Math.max(forgottenUntil ?? until, until)
    }
    if (OffenderErased.is(event)) erased ??= event.position
    return undefined
  })
  if (erased === undefined) return { forgottenUntil }
  const [last] = yield* store.readLast(1, { filter: { types: [OverflowRaised.type] } })
  if (last === undefined) return { forgottenUntil }
  const judgedBefore: JudgedBefore = { until: Math.min(erased, last.position), cause: last.metadata.$causationId }
  return { forgottenUntil, judgedBefore }
})

const restore = Effect.fn("engine.restore")(function* (options: RecoverOptions, snapshots: string) {
  const store = yield* EventStore
  const refuse = (reason: string) =>
    Effect.as(
      Effect.logWarning(`The engine's snapshot is not used: ${reason}. Folding the log anew. (TST-ENGINE-SNAPSHOT)`),
      undefined
    )
  const found = yield* Effect.promise(() => readSnapshot(snapshots, snapshotOf(options.part), snapshotVersion))
  if (found._tag === "None") return undefined
  if (found._tag === "Unusable") return yield* refuse(found.reason)
  const { position, event } = found.snapshot
  const reason = yield* misfit(store, found.snapshot)
  if (reason !== undefined) return yield* refuse(reason)
  // The checksum says that this is what was written, and the version that it is understood.
  const state = found.snapshot.state as unknown as State
  const activation = yield* activationOf(rulesetStreamOf(options.part), state.engine.ruleset)
  const rules =
    activation === undefined ? compileRules([], { names: options.names }).rules : yield* options.rulebook.of(activation)
  const positions = new Map(state.positions)
  const lines = yield* linesOf(batchesOf(state.engine), positions)
  const { known, head } = yield* overflowsAfter(position)
  return yield* Effect.try({
    try: (): Recovered => ({
      judge: new Judge({
        rules,
        known,
        allowlists: state.allowlists,
        poured: state.poured,
        decisions: state.decisions,
        engine: (geo: GeoLookup) =>
          restoreEngine(rules.ruleset, state.engine, lines, { geo, ...engineOptions(options.part) })
      }),
      positions,
      head,
      forgotten: state.forgotten ?? -1,
      place: { position, event }
    }),
    catch: (cause) => (cause instanceof Error ? cause.message : String(cause))
  }).pipe(Effect.catch(refuse))
})

/** The activation of the rules with this hash that a stream holds. */
const activationOf = Effect.fn("engine.activationOf")(function* (stream: string, hash: string) {
  const store = yield* EventStore
  return yield* lookBack(store, stream, { limit: 20 }, (event) =>
    RulesetActivated.is(event) && event.data.hash === hash ? event.data : undefined
  )
})

/** The lines of these batches, each batch read once. */
const linesOf = Effect.fn("engine.linesOf")(function* (
  batches: Iterable<string>,
  positions: ReadonlyMap<string, number>
) {
  const store = yield* EventStore
  const found = new Map<
    string,
    { readonly batch: Parameters<typeof decodeLines>[0]; readonly lines: ReadonlyArray<string> }
  >()
  for (const id of batches) {
    const position = positions.get(id)
    if (position === undefined) continue
    const event = yield* store.eventAt(position)
    if (event === undefined || event.id !== id || !LogBatchAppended.is(event)) continue
    try {
      found.set(id, { batch: event.data, lines: decodeLines(event.data) })
    } catch (error) {
      // Its lines are missing then, and the state is folded anew, without them.
      if (!(error instanceof DamagedBatch)) throw error
    }
  }
  const find: FindLine = ({ event, line }) => {
    const batch = found.get(event)
    const text = batch?.lines[line]
    return batch === undefined || text === undefined ? undefined : { batch: batch.batch, text }
  }
  return find
})
