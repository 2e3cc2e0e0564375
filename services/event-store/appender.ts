/** How a store's appends reach its writer: in the caller's thread, or gathered for a thread of their own. */
import * as Effect from "effect/Effect"
import { type StoreUnavailable, AppendRefused, WrongExpectedRevision } from "./event-store.ts"
import { failedBy } from "./failure.ts"
import type { LogWriter } from "./log-writer.ts"
import type { PartFailure, ReadyGroup, Written } from "./ready-group.ts"

export interface Appender {
  /**
   * Takes a group when it is called, once, and does not hold it: it is large. The effect answers when it is durable, up to
   * the part that failed; what was taken is written, whoever waits for it.
   */
  readonly take: (group: ReadyGroup) => Effect.Effect<Written, StoreUnavailable>
  /** Writes what waits, then ends. */
  readonly close: Effect.Effect<void>
}

/** What a commit says of one of its groups. */
export type CommitAnswer = Written | { readonly error: unknown }

export const answered = (answer: CommitAnswer, path: string): Effect.Effect<Written, StoreUnavailable> =>
  "error" in answer ? failedBy(answer.error, path) : Effect.succeed(answer)

/** The part's failure as the port's error. */
export const failureOf = (failure: PartFailure): WrongExpectedRevision | AppendRefused =>
  failure.reason === "AppendRefused" ? new AppendRefused(failure) : new WrongExpectedRevision(failure)

/** Each append is a commit of its own, at once. */
export const directAppender = (writer: LogWriter, path: string): Appender => ({
  take: (group) => answered(writer.commit([group])[0]!, path),
  close: Effect.sync(() => writer.close())
})
