/** Embedded stores in directories of their own, for tests that look behind the port. */
import { chmodSync, rmSync } from "node:fs"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { assert } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { afterAll } from "vitest"
import { memoryFolder } from "../../fixtures/memory-folder.ts"
import { parseEnd } from "./chain.ts"
import { events, type Store } from "./contract/sample.ts"
import { EmbeddedEventStore } from "./embedded.ts"
import { EventStore, type StoreUnavailable } from "./event-store.ts"
import { storeFile } from "./layout.ts"
import type { Finding, Verification } from "./verification.ts"
import { verifyEmbedded } from "./verify-embedded.ts"

/** Readable by other users: some tests become one. */
const base = memoryFolder("testudo-event-store-")
chmodSync(base, 0o755)
afterAll(() => rmSync(base, { recursive: true, force: true }))

let made = 0
/** A path at which nothing is. */
export const newDirectory = (): string => join(base, String(made++))

/** Opens the store of a directory, uses it and closes it. */
export const using = <A, E>(
  directory: string,
  use: (store: Store) => Effect.Effect<A, E>,
  mode: "writer" | "reader" = "writer"
): Effect.Effect<A, E | StoreUnavailable> =>
  EventStore.use(use).pipe(Effect.provide(EmbeddedEventStore.layer({ directory, mode })))

/** Fails unless the effect does, with this code, and gives the message. */
export const failing = <A, E>(code: string, effect: Effect.Effect<A, E>): Effect.Effect<string, A> =>
  Effect.flip(effect).pipe(
    Effect.map((error) => {
      const { code: actual, message } = error as unknown as StoreUnavailable
      assert.strictEqual(actual, code, message)
      return message
    })
  )

export const databaseFile = (directory: string): string => join(directory, storeFile)

/** Changes the database by hand, as nobody should. */
export const tamper = (directory: string, sql: string): void => {
  const db = new DatabaseSync(databaseFile(directory))
  db.exec(sql)
  db.close()
}

/** A directory with a store of so many events, on the stream `names`. */
export const filled = (count = 3): Effect.Effect<string, unknown> => {
  const directory = newDirectory()
  return Effect.as(
    using(directory, (store) => store.append("names", events(count), "no_stream")),
    directory
  )
}

/** What a check of the log finds. `head`: kept elsewhere, as an earlier check printed it. */
export const verified = (directory: string, head?: string): Promise<Verification> =>
  Effect.runPromise(verifyEmbedded(directory, head === undefined ? undefined : parseEnd(head)))

export const findingsOf = async (directory: string, head?: string): Promise<ReadonlyArray<Finding>> =>
  (await verified(directory, head)).findings
