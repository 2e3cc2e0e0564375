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
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"
import { type Counters, lineTime } from "../../domain/detection/engine.ts"
import type { Activation } from "../../domain/events/ruleset.ts"
import type { Problem } from "../../domain/document/problem.ts"
import type { RuleFile } from "../../domain/rules/rule.ts"
import { formatTimestamp } from "../../domain/time/instant.ts"
import type { TimeOf } from "../acquisition/line-reader.ts"
import { type AppendError, EventStore, type StoreUnavailable } from "../event-store/event-store.ts"
import { following } from "../event-store/following.ts"
import { recordActivation } from "./activation.ts"
import { recoverState } from "./engine-state.ts"
import type { Verdict } from "./judge.ts"
import { type Judging, makeJudging } from "./judging.ts"
import { makeNameAnswers } from "./name-answers.ts"
import { concerns, followed, type Part, rulesetStreamOf, timeStreamOf } from "./part.ts"
import { PassingTime } from "./passing-time.ts"
import { compileRules, Rulebook } from "./rulebook.ts"
import { stretches } from "./stretches.ts"

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
        const rulebook = new Rulebook(options.atHand)
        const { part, snapshots } = options
        const names = yield* makeNameAnswers
        const recovered = yield* recoverState({ rulebook, part, snapshots, names: options.names })
        const time = new PassingTime({
          store,
          stream: timeStreamOf(part),
          due: () => judging.judge.engine.deadline,
          judged: () => judging.reached()
        })
        const { announce } = options
        const judging: Judging = yield* makeJudging(recovered, { rulebook, part, snapshots, names, time, announce })
        yield* names.want(judging.judge.engine.wantedNames())
        let latest = judging.judge.rules

        const follow = following(store, { after: recovered.place.position, filter: followed(part) }).pipe(
          Stream.filterMap((item) =>
            item._tag === "Event" && concerns(part, item.event) ? Result.succeed(item.event) : Result.fail(undefined)
          ),
          Stream.runForEachArray((page) => Effect.forEach(stretches(page), judging.stretch, { discard: true }))
        )

        return Detection.of({
          activate: Effect.fn("Detection.activate")(function* (files, { keepOnError = false } = {}) {
            const { rules, problems } = compileRules(files, { names: options.names })
            const parsers = rules.activation.items.filter(({ kind }) => kind === "parsers").length
            const answer = { problems, inventory: { parsers, scenarios: rules.ruleset.scenarios.length } }
            if (keepOnError && problems.some((problem) => problem.severity === "error"))
              return { activated: false, ...answer }
            rulebook.add(rules)
            latest = rules
            const activated = yield* recordActivation(rulesetStreamOf(part), rules, files).pipe(
              Effect.provideService(EventStore, store)
            )
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
            names.answer
          ]).pipe(Effect.asVoid),
          judged: judging.until,
          arriving: time.arriving,
          counters: Effect.sync(() => judging.judge.engine.counters),
          keep: judging.keep,
          release: judging.release
        })
      })
    )
}
