/** Reading a stream from its end, page by page: what is looked for mostly stands near it. */
import * as Effect from "effect/Effect"
import type { TestudoEvent } from "../../domain/events/catalogue.ts"
import type { EventStore, StoreUnavailable } from "./event-store.ts"

/**
 * Asks the events of a stream one after the other, the last one first, until one of them has an answer. `from`: the revision
 * to begin at, else the end. `limit` is the length of a page. Undefined when none has an answer.
 */
export const lookBack = <A>(
  store: typeof EventStore.Service,
  stream: string,
  options: { readonly from?: number; readonly limit: number },
  ask: (event: TestudoEvent) => A | undefined
): Effect.Effect<A | undefined, StoreUnavailable> =>
  Effect.gen(function* () {
    for (let place = options; ; ) {
      const page = yield* store.readStream(stream, { direction: "backwards", ...place })
      for (const event of page) {
        const answer = ask(event)
        if (answer !== undefined) return answer
      }
      const oldest = page.at(-1)
      if (oldest === undefined || oldest.revision === 0) return undefined
      place = { ...options, from: oldest.revision - 1 }
    }
  })
