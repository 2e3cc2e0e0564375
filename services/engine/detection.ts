/**
 * The engine at work: follows the log, judges every batch, appends the verdicts.
 *
 * The engine is a projection too. Its state is a fold of the log in global order; it is snapshotted with the position
 * it stands at, as a local cache beside the store. After a crash it resumes from the snapshot and folds the log since;
 * what the log already holds of its verdicts it recognises by their ids.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Queue from "effect/Queue"
import * as Result from "effect/Result"
import * as Semaphore from "effect/Semaphore"
import * as Stream from "effect/Stream"
import * as SubscriptionRef from "effect/SubscriptionRef"
import { type Counters, type Engine, lineTime } from "../../domain/detection/engine.ts"
import type { TestudoEvent } from "../../domain/events/catalogue.ts"
import { type Decision, DecisionMade } from "../../domain/events/decision.ts"
import { derivedId } from "../../domain/events/derived-id.ts"
import type { ProposedEvent } from "../../domain/events/event.ts"
import { HostResolved } from "../../domain/events/host-resolved.ts"
import { LogBatchAppended } from "../../domain/events/log-batch.ts"
import { NameResolved } from "../../domain/events/name-resolved.ts"
import { OverflowRaised } from "../../domain/events/overflow.ts"
import { type Activation, RulesetActivated } from "../../domain/events/ruleset.ts"
import { namesStream } from "../../domain/events/stream-name.ts"
import { isUnreadable, type UnreadableEvent } from "../../domain/events/unreadable.ts"
import { parseAddress } from "../../domain/net/address.ts"
import type { Problem } from "../../domain/rules/problem.ts"
import type { RuleFile } from "../../domain/rules/rule.ts"
import { formatTimestamp } from "../../domain/time/instant.ts"
import { DamagedBatch } from "../acquisition/body.ts"
import type { TimeOf } from "../acquisition/line-reader.ts"
import { atEnd, expectedBehind } from "../event-store/at-end.ts"
import { type AppendError, EventStore, type StoreUnavailable } from "../event-store/event-store.ts"
import { following } from "../event-store/following.ts"
import { patiently } from "../event-store/patience.ts"
import { Names } from "../names/names.ts"
import { recordActivation } from "./activation.ts"
import { DecisionNumbers } from "./decision-numbers.ts"
import { EngineMetrics } from "./engine-metrics.ts"
import { keepState, recoverState } from "./engine-state.ts"
import type { Judge, Judgement, Verdict } from "./judge.ts"
import { OffenderLog } from "./offender-log.ts"
import { concerns, followed, type Part, rulesetStreamOf, timeStreamOf } from "./part.ts"
import { PassingTime } from "./passing-time.ts"
import { compileRules, Rulebook } from "./rulebook.ts"
import { isDecision, stretches } from "./stretches.ts"

/** How many look-ups in the DNS run at once: whoever answers slowly for his own addresses shall not delay the others. */
const lookups = 64

/** So many events are looked at for one that waits to be judged. */
const looked = 100

const withNumber = (event: ProposedEvent, number: number | undefined): ProposedEvent =>
  number === undefined ? event : { ...event, data: { ...(event.data as Decision), number } }

const faultOf = ({ fault, counters }: Engine): string =>
  `The engine failed at line ${fault?.reference.line} of the batch ${fault?.reference.event}: ${fault?.message}. The line is ` +
  `left out (${counters.faults} so far). This is a fault of Testudo's own: please report it. (TST-ENGINE-FAULT)`

const unreadableOf = ({ id, position, data: { type, reason } }: UnreadableEvent): string =>
  `The event ${id} (${type}, position ${position}) is not readable: ${reason}. It is left out. (TST-ENGINE-UNREADABLE)`

/** Asks the DNS: an address for its host name, a host name for its addresses. Gives the event that tells the answer. */
const answered = (names: Names["Service"], question: string) =>
  parseAddress(question) === undefined
    ? Effect.map(
        names.forward(question),
        (host) =>
          (id: string): ProposedEvent =>
            HostResolved.propose(id, host)
      )
    : Effect.map(
        names.reverse(question),
        (name) =>
          (id: string): ProposedEvent =>
            NameResolved.propose(id, name)
      )

/** A batch whose lines cannot be read stops nothing but itself: the log keeps it, and a check finds it. */
const judgementOf = (judge: Judge, event: TestudoEvent): Judgement | DamagedBatch => {
  try {
    return judge.judge(event)
  } catch (error) {
    if (error instanceof DamagedBatch) return error
    throw error
  }
}

/** Whether the engine learns from it how late it is: what other nodes decide does not tell. */
const tellsTime = ({ type }: TestudoEvent): boolean => type === LogBatchAppended.type || type === OverflowRaised.type

const decisionsIn = (verdicts: ReadonlyArray<Verdict>): number =>
  verdicts.reduce((sum, { events }) => sum + events.filter(({ type }) => type === DecisionMade.type).length, 0)

export interface Activated {
  /** False when these rules were active already, or are too broken to be used. */
  readonly activated: boolean
  readonly problems: ReadonlyArray<Problem>
  /** How much of the rules works. */
  readonly inventory: { readonly parsers: number; readonly scenarios: number }
}

export class Detection extends Context.Service<
  Detection,
  {
    /**
     * Makes these files the rules from here on: records their content and appends `RulesetActivated`, unless they are
     * what is active. With `keepOnError` nothing changes when any of them is broken.
     */
    activate(
      files: ReadonlyArray<RuleFile>,
      options?: { readonly keepOnError?: boolean }
    ): Effect.Effect<Activated, AppendError>
    /** A line's own time in milliseconds since 1970, as the rules that were activated last read it. */
    readonly timeOf: TimeOf
    /** Follows the log until it is interrupted. */
    readonly follow: Effect.Effect<void, AppendError>
    /** Waits until everything up to this position is judged and the verdicts are in the log. */
    judged(position: number): Effect.Effect<void>
    /**
     * Appends lines that were read. No time passes by itself before they are in the log, however long it takes: they are
     * older than it.
     */
    readonly arriving: <A, E>(append: Effect.Effect<A, E>) => Effect.Effect<A, E>
    /** What has been counted since the log began. */
    readonly counters: Effect.Effect<Counters>
    /** Keeps the engine's state beside the store, so that the next start need not fold the whole log. */
    readonly keep: Effect.Effect<void>
    /**
     * The log is about to forget the lines up to a position: the state is kept without need of them. Answers with the
     * position up to which they may go: those that are not judged yet may not.
     */
    release(position: number): Effect.Effect<number, StoreUnavailable>
  }
>()("testudo/Detection") {
  static readonly layer = (options: {
    /** Folder for the snapshot; none: nothing is kept. */
    readonly snapshots: string | undefined
    readonly names: Activation["names"]
    /** The rules as they are on disk, for those files of recorded rules that were too large to be recorded. */
    readonly atHand: Effect.Effect<ReadonlyArray<RuleFile>>
    /** Whether time passes when no line comes: not so for logs of the past. */
    readonly time: "passes" | "stands"
    readonly part: Part
    /** Is told what was appended. */
    readonly announce?: (verdicts: ReadonlyArray<Verdict>) => Effect.Effect<void>
  }) =>
    Layer.effect(
      Detection,
      Effect.gen(function* () {
        const store = yield* EventStore
        const names = yield* Names
        const numbers = yield* DecisionNumbers
        const rulebook = new Rulebook(options.atHand)
        const { part } = options
        const metrics = new EngineMetrics()
        const recovered = yield* recoverState({
          rulebook,
          part,
          snapshots: options.snapshots,
          names: options.names
        })
        const { judge, positions } = recovered
        const offenders = new OffenderLog({ after: recovered.head })
        const reached = yield* SubscriptionRef.make(recovered.place)
        const wantedNames = yield* Queue.unbounded<string>()
        yield* Queue.offerAll(wantedNames, judge.engine.wantedNames())
        const namesTurn = yield* Semaphore.make(1)
        let latest = judge.rules
        let kept = recovered.place.position
        let { forgotten } = recovered
        const provide = Effect.provideService(EventStore, store)

        const turn = yield* Semaphore.make(1)
        const time = new PassingTime({
          store,
          stream: timeStreamOf(part),
          due: () => judge.engine.deadline,
          judged: () => SubscriptionRef.getUnsafe(reached).position
        })

        const numbered = Effect.fnUntraced(function* (verdicts: ReadonlyArray<Verdict>) {
          const decisions = verdicts.flatMap(({ events }) => events.filter(({ type }) => type === DecisionMade.type))
          const given = yield* patiently(numbers.numbersOf(decisions.map(({ id }) => id)))
          const byId = new Map(decisions.map(({ id }, index) => [id, given[index]!]))
          return verdicts.map(
            ({ stream, events }): Verdict => ({
              stream,
              events: events.map((event) => withNumber(event, byId.get(event.id)))
            })
          )
        })

        /** A stretch was begun and not ended: the state is ahead of the place, and of no use to another start. */
        let isTorn = false

        const judgeStretch = Effect.fnUntraced(function* (events: ReadonlyArray<TestudoEvent>) {
          const verdicts: Array<Verdict> = []
          isTorn = true
          for (const event of events) {
            if (event.position > recovered.head) judge.forgetKnown()
            if (isUnreadable(event)) yield* Effect.logError(unreadableOf(event))
            if (RulesetActivated.is(event)) judge.use(yield* patiently(rulebook.of(event.data)))
            if (LogBatchAppended.is(event)) positions.set(event.id, event.position)
            const { faults } = judge.engine.counters
            const judgement = judgementOf(judge, event)
            if (judgement instanceof DamagedBatch) {
              yield* Effect.logError(`${judgement.message} Its lines are left out. (${judgement.code})`)
              continue
            }
            if (judge.engine.counters.faults > faults) yield* Effect.logError(faultOf(judge.engine))
            if (isDecision(event)) continue
            verdicts.push(...judgement.verdicts)
            yield* Queue.offerAll(wantedNames, judgement.namesWanted)
            // A batch is some milliseconds of work: the API and the edge get their turn in between.
            yield* Effect.yieldNow
          }
          const appended = yield* numbered(verdicts)
          // A stop need not wait for a store that is away: the log tells the next start what is missing.
          yield* offenders.append(appended)
          if (options.announce !== undefined) yield* options.announce(appended)
          yield* metrics.update(judge.engine.counters, decisionsIn(appended))
          const last = events.at(-1)!
          if (events.some(tellsTime)) yield* time.keepQuiet
          yield* SubscriptionRef.set(reached, { position: last.position, event: last.id })
          isTorn = false
        })

        const resolveName = Effect.gen(function* () {
          const question = yield* Queue.take(wantedNames)
          const propose = yield* answered(names, question)
          yield* atEnd(store, namesStream, (end) => {
            // Of two writers' answers at one place the first one counts; what it says, everybody reads in the log.
            const event = propose(derivedId("name", question, end.revision + 1))
            // Appended twice after an unknown outcome it does no harm: nothing waits for the name any more.
            return store.append(namesStream, [event], expectedBehind(end))
          }).pipe(patiently, namesTurn.withPermits(1))
        })

        const follow = following(store, { after: recovered.place.position, filter: followed(part) }).pipe(
          Stream.filterMap((item) =>
            item._tag === "Event" && concerns(part, item.event) ? Result.succeed(item.event) : Result.fail(undefined)
          ),
          Stream.runForEachArray((page) =>
            Effect.forEach(
              stretches(page),
              (stretch) => judgeStretch(stretch).pipe(turn.withPermits(1), Effect.uninterruptible),
              {
                discard: true
              }
            )
          )
        )

        /** In turn with the stretches. */
        const keep = Effect.suspend(() => {
          const place = SubscriptionRef.getUnsafe(reached)
          if (options.snapshots === undefined || isTorn || place.position === kept) return Effect.void
          const state = { judge, positions, place, forgotten }
          return Effect.map(keepState(state, { part, snapshots: options.snapshots }), (isKept) => {
            if (isKept) kept = place.position
          })
          // The file is written while the engine rests: whoever gave up in between would let both go on.
        }).pipe(Effect.uninterruptible)

        return Detection.of({
          activate: Effect.fn("Detection.activate")(function* (files, { keepOnError = false } = {}) {
            const { rules, problems } = compileRules(files, { names: options.names })
            const parsers = rules.activation.items.filter(({ kind }) => kind === "parsers").length
            const answer = { problems, inventory: { parsers, scenarios: rules.ruleset.scenarios.length } }
            if (keepOnError && problems.some((problem) => problem.severity === "error"))
              return { activated: false, ...answer }
            rulebook.add(rules)
            latest = rules
            const activated = yield* provide(recordActivation(rulesetStreamOf(part), rules, files))
            return { activated, ...answer }
          }),
          timeOf: (line, { path, labels, zone, observedAt }) =>
            lineTime(
              latest.ruleset,
              { path, labels, zone, observedAt: formatTimestamp(observedAt), time: "own" },
              line
            ),
          follow: Effect.raceAllFirst([
            follow,
            options.time === "passes" ? time.pass : Effect.never,
            Effect.forEach(Array.from({ length: lookups }), () => Effect.forever(resolveName), {
              concurrency: lookups,
              discard: true
            })
          ]).pipe(Effect.asVoid, provide),
          judged: (target) =>
            SubscriptionRef.changes(reached).pipe(
              Stream.takeUntil(({ position }) => position >= target),
              Stream.runDrain
            ),
          arriving: time.arriving,
          counters: Effect.sync(() => judge.engine.counters),
          keep: keep.pipe(turn.withPermits(1)),
          release: (position) =>
            Effect.gen(function* () {
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
            }).pipe(turn.withPermits(1))
        })
      })
    )
}
