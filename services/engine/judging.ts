/**
 * The log is judged: stretch by stretch, each one's verdicts appended before the next is begun. What was judged, and how far,
 * is the state that is kept beside the store.
 */
import * as Effect from "effect/Effect"
import * as Semaphore from "effect/Semaphore"
import * as Stream from "effect/Stream"
import * as SubscriptionRef from "effect/SubscriptionRef"
import type { Engine } from "../../domain/detection/engine.ts"
import type { TestudoEvent } from "../../domain/events/catalogue.ts"
import { type Decision, DecisionMade } from "../../domain/events/decision.ts"
import type { ProposedEvent } from "../../domain/events/event.ts"
import { LogBatchAppended } from "../../domain/events/log-batch.ts"
import { OverflowRaised } from "../../domain/events/overflow.ts"
import { RulesetActivated } from "../../domain/events/ruleset.ts"
import { isUnreadable, type UnreadableEvent } from "../../domain/events/unreadable.ts"
import { DamagedBatch } from "../acquisition/body.ts"
import { type AppendError, EventStore, type StoreUnavailable } from "../event-store/event-store.ts"
import { patiently } from "../event-store/patience.ts"
import { DecisionNumbers } from "./decision-numbers.ts"
import { EngineMetrics } from "./engine-metrics.ts"
import { keepState, type Recovered } from "./engine-state.ts"
import type { Judge, Judgement, Verdict } from "./judge.ts"
import type { NameAnswers } from "./name-answers.ts"
import { OffenderLog } from "./offender-log.ts"
import { concerns, followed, type Part } from "./part.ts"
import type { PassingTime } from "./passing-time.ts"
import type { Rulebook } from "./rulebook.ts"
import { isDecision } from "./stretches.ts"

/** So many events are looked at for one that waits to be judged. */
const looked = 100

interface JudgingOptions {
  readonly rulebook: Rulebook
  readonly part: Part
  /** Folder for the snapshot; undefined: nothing is kept. */
  readonly snapshots: string | undefined
  readonly names: NameAnswers
  readonly time: PassingTime
  /** Is told what was appended. */
  readonly announce?: ((verdicts: ReadonlyArray<Verdict>) => Effect.Effect<void>) | undefined
}

export interface Judging {
  readonly judge: Judge
  /** Position of the last event that is judged, with its verdicts in the log. */
  readonly reached: () => number
  /** Judges events of the log in their order, and appends their verdicts. */
  readonly stretch: (events: ReadonlyArray<TestudoEvent>) => Effect.Effect<void, AppendError>
  /** Waits until everything up to this position is judged. */
  readonly until: (position: number) => Effect.Effect<void>
  /** Writes the state down, in turn with the stretches. */
  readonly keep: Effect.Effect<void>
  /** See `Detection.release`. */
  readonly release: (position: number) => Effect.Effect<number, StoreUnavailable>
}

export const makeJudging = Effect.fnUntraced(function* (recovered: Recovered, options: JudgingOptions) {
  const store = yield* EventStore
  const numbers = yield* DecisionNumbers
  const { judge, positions } = recovered
  const { rulebook, part, snapshots } = options
  const metrics = new EngineMetrics()
  const offenders = new OffenderLog({ after: recovered.head })
  const reached = yield* SubscriptionRef.make(recovered.place)
  const turn = yield* Semaphore.make(1)
  let { forgotten } = recovered
  /** Position of what was last kept. */
  let kept = recovered.place.position
  /** A stretch was begun and not ended: the state is ahead of the place, and of no use to another start. */
  let isTorn = false

  const verdictsOf = Effect.fnUntraced(function* (event: TestudoEvent) {
    if (event.position > recovered.head) judge.forgetKnown()
    if (isUnreadable(event)) yield* Effect.logError(unreadableOf(event))
    if (RulesetActivated.is(event)) judge.use(yield* patiently(rulebook.of(event.data)))
    if (LogBatchAppended.is(event)) positions.set(event.id, event.position)
    const { faults } = judge.engine.counters
    const judgement = judgementOf(judge, event)
    if (judgement instanceof DamagedBatch) {
      yield* Effect.logError(`${judgement.message} Its lines are left out. (${judgement.code})`)
      return []
    }
    if (judge.engine.counters.faults > faults) yield* Effect.logError(faultOf(judge.engine))
    if (judgement.namesWanted.length > 0) yield* options.names.want(judgement.namesWanted)
    return judgement.verdicts
  })

  const numbered = Effect.fnUntraced(function* (
    verdicts: ReadonlyArray<Verdict>,
    decisions: ReadonlyArray<ProposedEvent>
  ) {
    const given = yield* patiently(numbers.numbersOf(decisions.map(({ id }) => id)))
    const byId = new Map(decisions.map(({ id }, index) => [id, given[index]!]))
    const events = (events: Verdict["events"]) => events.map((event) => withNumber(event, byId.get(event.id)))
    return verdicts.map((verdict): Verdict => ({ ...verdict, events: events(verdict.events) }))
  })

  const stretch = Effect.fnUntraced(function* (events: ReadonlyArray<TestudoEvent>) {
    const verdicts: Array<Verdict> = []
    isTorn = true
    for (const event of events) {
      verdicts.push(...(yield* verdictsOf(event)))
      // A batch is some milliseconds of work: the API and the edge get their turn in between.
      if (!isDecision(event)) yield* Effect.yieldNow
    }
    const decisions = decisionsIn(verdicts)
    const appended = yield* numbered(verdicts, decisions)
    // A stop need not wait for a store that is away: the log tells the next start what is missing.
    yield* offenders.append(appended)
    if (options.announce !== undefined) yield* options.announce(appended)
    yield* metrics.update(judge.engine.counters, decisions.length)
    if (events.some(tellsTime)) yield* options.time.keepQuiet
    const last = events.at(-1)!
    yield* SubscriptionRef.set(reached, { position: last.position, event: last.id })
    isTorn = false
  })

  const keep = Effect.suspend(() => {
    const place = SubscriptionRef.getUnsafe(reached)
    if (snapshots === undefined || isTorn || place.position === kept) return Effect.void
    return Effect.map(keepState({ judge, positions, place, forgotten }, { part, snapshots }), (isKept) => {
      if (isKept) kept = place.position
    })
    // The file is written while the engine rests: whoever gave up in between would let both go on.
  }).pipe(Effect.uninterruptible)

  const release = Effect.fnUntraced(function* (position: number) {
    if (isTorn) return -1
    const judged = SubscriptionRef.getUnsafe(reached).position
    const waiting = yield* store.readAll({ after: judged, limit: looked, filter: followed(part) })
    const isJudged = waiting.length < looked && !waiting.some((event) => concerns(part, event))
    const mayGo = isJudged ? position : Math.min(position, judged)
    if (mayGo > forgotten) {
      forgotten = mayGo
      kept = -1
      yield* keep
    }
    return mayGo
  })

  return {
    judge,
    reached: () => SubscriptionRef.getUnsafe(reached).position,
    stretch: (events) =>
      stretch(events).pipe(turn.withPermits(1), Effect.uninterruptible, Effect.provideService(EventStore, store)),
    until: (position) =>
      SubscriptionRef.changes(reached).pipe(
        Stream.takeUntil((place) => place.position >= position),
        Stream.runDrain
      ),
    keep: keep.pipe(turn.withPermits(1)),
    release: (position) => release(position).pipe(turn.withPermits(1))
  } satisfies Judging
})

/** Whether the engine learns from it how late it is: what other nodes decide does not tell. */
const tellsTime = ({ type }: TestudoEvent): boolean => type === LogBatchAppended.type || type === OverflowRaised.type

/** A batch whose lines cannot be read stops nothing but itself: the log keeps it, and a check finds it. */
const judgementOf = (judge: Judge, event: TestudoEvent): Judgement | DamagedBatch => {
  try {
    return judge.judge(event)
  } catch (error) {
    if (error instanceof DamagedBatch) return error
    throw error
  }
}

const decisionsIn = (verdicts: ReadonlyArray<Verdict>): ReadonlyArray<ProposedEvent> =>
  verdicts.flatMap(({ events }) => events.filter(({ type }) => type === DecisionMade.type))

const withNumber = (event: ProposedEvent, number: number | undefined): ProposedEvent =>
  number === undefined ? event : { ...event, data: { ...(event.data as Decision), number } }

const faultOf = ({ fault, counters }: Engine): string =>
  `The engine failed at line ${fault?.reference.line} of the batch ${fault?.reference.event}: ${fault?.message}. The line is ` +
  `left out (${counters.faults} so far). This is a fault of Testudo's own: please report it. (TST-ENGINE-FAULT)`

const unreadableOf = ({ id, position, data: { type, reason } }: UnreadableEvent): string =>
  `The event ${id} (${type}, position ${position}) is not readable: ${reason}. It is left out. (TST-ENGINE-UNREADABLE)`
