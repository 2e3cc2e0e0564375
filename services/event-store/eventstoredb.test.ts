/**
 * The contract on EventStoreDB: on the server that `TESTUDO_TEST_EVENTSTOREDB` names, or on the stand-in. One store for
 * all tests, because the native half of the client takes half a second to connect.
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import { afterAll } from "vitest"
import { testServer } from "../../fixtures/eventstoredb/test-server.ts"
import { eventStoreContract } from "./contract.ts"
import { EventStore } from "./event-store.ts"
import { EventStoreDb } from "./eventstoredb.ts"

const server = await testServer()
const runtime = ManagedRuntime.make(
  EventStoreDb.layer({ connectionString: server.connectionString, shown: server.name, patience: 10_000 })
)
afterAll(async () => {
  await runtime.dispose()
  await server.stop()
})

const store = Layer.effect(
  EventStore,
  Effect.promise(() => runtime.runPromise(EventStore))
)

eventStoreContract(`EventStoreDB (${server.name})`, () => store, { modelRuns: 20 })
