/**
 * Host names and addresses that postoverflows wait for: the DNS is asked, and what it answers is recorded for the engine to
 * read, so that every replay gets the same answer.
 */
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import * as Semaphore from "effect/Semaphore"
import { derivedId } from "../../domain/events/derived-id.ts"
import type { ProposedEvent } from "../../domain/events/event.ts"
import { HostResolved } from "../../domain/events/host-resolved.ts"
import { NameResolved } from "../../domain/events/name-resolved.ts"
import { namesStream } from "../../domain/events/stream-name.ts"
import { parseAddress } from "../../domain/net/address.ts"
import { atEnd, expectedBehind } from "../event-store/at-end.ts"
import { type AppendError, EventStore } from "../event-store/event-store.ts"
import { patiently } from "../event-store/patience.ts"
import { Names } from "../names/names.ts"

/** How many look-ups in the DNS run at once: whoever answers slowly for his own addresses shall not delay the others. */
const lookups = 64

export interface NameAnswers {
  /** Addresses whose names are wanted, and host names whose addresses are. */
  readonly want: (questions: ReadonlyArray<string>) => Effect.Effect<unknown>
  /** Answers until it is interrupted. */
  readonly answer: Effect.Effect<void, AppendError>
}

export const makeNameAnswers: Effect.Effect<NameAnswers, never, EventStore | Names> = Effect.gen(function* () {
  const store = yield* EventStore
  const names = yield* Names
  const wanted = yield* Queue.unbounded<string>()
  const turn = yield* Semaphore.make(1)

  /** An address for its host name, a host name for its addresses. Gives the event that tells the answer. */
  const ask = (question: string): Effect.Effect<(id: string) => ProposedEvent> =>
    parseAddress(question) === undefined
      ? Effect.map(names.forward(question), (host) => (id: string) => HostResolved.propose(id, host))
      : Effect.map(names.reverse(question), (name) => (id: string) => NameResolved.propose(id, name))

  const answerNext = Effect.gen(function* () {
    const question = yield* Queue.take(wanted)
    const propose = yield* ask(question)
    yield* atEnd(store, namesStream, (end) => {
      // Of two writers' answers at one place the first one counts; what it says, everybody reads in the log.
      const event = propose(derivedId("name", question, end.revision + 1))
      // Appended twice after an unknown outcome it does no harm: nothing waits for the name any more.
      return store.append(namesStream, [event], expectedBehind(end))
    }).pipe(patiently, turn.withPermits(1))
  })

  return {
    want: (questions) => Queue.offerAll(wanted, questions),
    answer: Effect.forEach(Array.from({ length: lookups }), () => Effect.forever(answerNext), {
      concurrency: lookups,
      discard: true
    })
  }
})
