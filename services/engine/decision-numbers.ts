/**
 * Hands out the small numbers that decisions have on the wire, unique in the log whoever else writes to it.
 *
 * A number is taken before its decision is made: by an append to one stream at its exact revision, which only one of
 * several writers can win. The event names the decision, so one that was numbered and then lost in a crash is given the
 * same number when it is made again.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Semaphore from "effect/Semaphore"
import { DecisionMade, DecisionNumbered } from "../../domain/events/decision.ts"
import { derivedId } from "../../domain/events/derived-id.ts"
import { decisionNumbersStream } from "../../domain/events/stream-name.ts"
import { expectedBehind } from "../event-store/at-end.ts"
import { type AppendError, EventStore, type StoreUnavailable } from "../event-store/event-store.ts"
import { foldLog } from "../event-store/fold-log.ts"

/** So many decisions are numbered by one event: far from what an append may hold. */
const numberedAtOnce = 1_000
/** So many events are looked into for decisions that were numbered but perhaps never made. */
const lookedInto = 100
/** So many numbers are remembered. */
const remembered = 50_000

/** Where the stream of numbers ends, as far as this process knows. */
interface End {
  readonly revision: number
  readonly next: number
}

export class DecisionNumbers extends Context.Service<
  DecisionNumbers,
  {
    /** The numbers of the decisions with these ids, in their order. Safe to repeat: see `patiently`. */
    numbersOf(decisions: ReadonlyArray<string>): Effect.Effect<ReadonlyArray<number>, AppendError>
  }
>()("testudo/DecisionNumbers") {
  static readonly layer = Layer.effect(
    DecisionNumbers,
    Effect.gen(function* () {
      const store = yield* EventStore
      const turn = yield* Semaphore.make(1)
      const known = new Map<string, number>()
      let end: End | undefined
      /** Revision of the last event, as the store told whoever expected another. */
      let told = -1

      const learn = ({ first, decisions }: typeof DecisionNumbered.schema.Type): void => {
        for (const [index, decision] of decisions.entries()) known.set(decision, first + index)
      }

      const look: Effect.Effect<End, StoreUnavailable> = Effect.gen(function* () {
        const recent = yield* store.readStream(decisionNumbersStream, { direction: "backwards", limit: lookedInto })
        for (const event of recent) if (DecisionNumbered.is(event)) learn(event.data)
        const [last] = recent
        const revision = Math.max(last?.revision ?? -1, told)
        if (last !== undefined && DecisionNumbered.is(last) && last.revision === revision)
          return { revision, next: last.data.first + last.data.decisions.length }
        // A new stream, or one whose end cannot be read, perhaps because a newer version wrote it: which numbers are in use,
        // decisions tell, and those that are known.
        return {
          revision,
          next: [...known.values()].reduce((most, number) => Math.max(most, number), yield* highest(store)) + 1
        }
      })

      /** Takes numbers for those that have none. What an attempt before has written is found first. */
      const take = (decisions: ReadonlyArray<string>): Effect.Effect<void, AppendError> =>
        Effect.gen(function* () {
          const { revision, next } = end ?? (yield* look)
          const fresh = decisions.filter((id) => !known.has(id))
          if (fresh.length === 0) return
          end = undefined
          const numbered = { first: next, decisions: fresh }
          // The id says all of it: a store takes another writer's event of the same id for this one.
          const event = DecisionNumbered.propose(derivedId("decision-number", next, ...fresh), numbered)
          yield* store.append(decisionNumbersStream, [event], expectedBehind({ revision }))
          learn(numbered)
          end = { revision: revision + 1, next: next + fresh.length }
        })

      const numbersOf = Effect.fnUntraced(function* (decisions: ReadonlyArray<string>) {
        if (known.size > remembered) known.clear()
        for (let from = 0; from < decisions.length; from += numberedAtOnce) {
          const some = [...new Set(decisions.slice(from, from + numberedAtOnce))]
          const learnEnd = (error: AppendError) => {
            if (error._tag !== "WrongExpectedRevision") return false
            told = error.actual
            return true
          }
          yield* take(some).pipe(Effect.retry({ while: learnEnd }))
        }
        return decisions.map((id) => known.get(id)!)
      })

      return DecisionNumbers.of({ numbersOf: (decisions) => turn.withPermits(1)(numbersOf(decisions)) })
    })
  )
}

/** The highest number of a log from before numbers were taken from a stream. */
const highest = (store: typeof EventStore.Service): Effect.Effect<number, StoreUnavailable> => {
  let found = 0
  return foldLog({ filter: { types: [DecisionMade.type] } }, (event) => {
    if (DecisionMade.is(event)) found = Math.max(found, event.data.number)
  }).pipe(
    Effect.provideService(EventStore, store),
    Effect.map(() => found)
  )
}
