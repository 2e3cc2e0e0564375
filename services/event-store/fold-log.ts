/** Reading the log from a place to its end, page by page: a short page holds no snapshot open and little in memory. */
import * as Effect from "effect/Effect"
import type { TestudoEvent } from "../../domain/events/catalogue.ts"
import { EventStore, type ReadAllOptions, type StoreUnavailable } from "./event-store.ts"

/** Visits all events after a position that pass the filter, in global order. `limit` is the length of a page. */
export const foldLog = (
  options: ReadAllOptions,
  visit: (event: TestudoEvent) => void
): Effect.Effect<void, StoreUnavailable, EventStore> =>
  Effect.gen(function* () {
    const store = yield* EventStore
    let after = options.after ?? -1
    while (true) {
      const page = yield* store.readAll({ ...options, after })
      for (const event of page) visit(event)
      const last = page.at(-1)
      if (last === undefined) return
      after = last.position
    }
  })
