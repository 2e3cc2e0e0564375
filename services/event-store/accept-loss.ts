/** Going on with a log that has lost acknowledged events, because somebody decided so. The log says who and when. */
import { randomUUID } from "node:crypto"
import { resolve } from "node:path"
import * as Clock from "effect/Clock"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { LossAccepted } from "../../domain/events/audit.ts"
import { auditStream } from "../../domain/events/stream-name.ts"
import { formatTimestamp } from "../../domain/time/instant.ts"
import type { LogEnd } from "./chain.ts"
import { EmbeddedEventStore } from "./embedded.ts"
import { type AppendError, EventStore } from "./event-store.ts"
import { storeFailureOf } from "./failure.ts"
import { readHeadRecord } from "./head-record.ts"

/** Nothing is missing. Code `TST-LOG-NOTHING-LOST`. */
export class NothingLost extends Data.TaggedError("NothingLost")<{ readonly code: string; readonly message: string }> {}

export interface AcceptedLoss {
  /** Where the log had come, as far as the head record knew. */
  readonly acknowledged: LogEnd | undefined
  readonly found: LogEnd
}

const told = ({ position, link }: LogEnd) => ({ position, link: Buffer.from(link).toString("hex") })

/** @param by who decides, for the log */
export const acceptLoss = (directory: string, by: string): Effect.Effect<AcceptedLoss, AppendError | NothingLost> =>
  Effect.gen(function* () {
    const record = Effect.try({
      try: () => {
        const known = readHeadRecord(resolve(directory))
        return known._tag === "Found" ? known.end : undefined
      },
      catch: (error) => storeFailureOf(error, directory)
    })
    const opened = yield* EventStore.use(({ head }) => head).pipe(
      Effect.provide(EmbeddedEventStore.layer({ directory, mode: "writer" })),
      Effect.result
    )
    if (Result.isSuccess(opened)) {
      return yield* new NothingLost({
        code: "TST-LOG-NOTHING-LOST",
        message: "No acknowledged event is missing: there is nothing to accept."
      })
    }
    if (opened.failure.code !== "TST-STORE-LOST") return yield* opened.failure
    const acknowledged = yield* record
    return yield* EventStore.use((store) =>
      Effect.gen(function* () {
        const found = (yield* record)!
        const at = formatTimestamp(yield* Clock.currentTimeMillis)
        const loss = {
          at,
          by,
          acknowledged: acknowledged === undefined ? null : told(acknowledged),
          found: told(found)
        }
        yield* store.append(auditStream, [LossAccepted.propose(randomUUID(), loss)], "any")
        return { acknowledged, found }
      })
    ).pipe(Effect.provide(EmbeddedEventStore.layer({ directory, mode: "writer", acceptLoss: true })))
  })
