/**
 * The contract on EventStoreDB: on the server that `TESTUDO_TEST_EVENTSTOREDB` names, or on the stand-in. One store for
 * all tests, because the native half of the client takes half a second to connect.
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import { afterAll } from "vitest"
import { testServer } from "../../fixtures/eventstoredb/test-server.ts"
import { parseStoreLocation } from "../configuration/store-location.ts"
import { eventStoreContract } from "./contract.ts"
import { EventStore } from "./event-store.ts"
import { storeAt } from "./located-store.ts"

const server = await testServer()
const location = parseStoreLocation(server.location)
if ("problem" in location) throw new Error(`TESTUDO_TEST_EVENTSTOREDB: ${location.problem}`)
const runtime = ManagedRuntime.make(storeAt(location, { mode: "writer", whenAway: "wait" }))
afterAll(async () => {
  await runtime.dispose()
  await server.stop()
})

const store = Layer.effect(
  EventStore,
  Effect.promise(() => runtime.runPromise(EventStore))
)

eventStoreContract(`EventStoreDB (${server.name})`, () => store, {
  modelRuns: 20,
  isShared: server.isShared
})
