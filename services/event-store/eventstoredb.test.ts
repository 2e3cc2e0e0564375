/**
 * The contract on EventStoreDB: on the server that `TESTUDO_TEST_EVENTSTOREDB` names, or on the stand-in. One store for
 * all tests, because the native half of the client takes half a second to connect.
 */
import { setTimeout as sleep } from "node:timers/promises"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import { afterAll } from "vitest"
import { testServer } from "../../fixtures/eventstoredb/test-server.ts"
import { parseStoreLocation } from "../configuration/store-location.ts"
import { eventStoreContract } from "./contract.ts"
import { EventStore } from "./event-store.ts"
import { reasonAway } from "./eventstoredb/reachable.ts"
import { storeAt } from "./located-store.ts"

/** A store waits for its server for as long as it takes; tests do not, each of them its time. */
const awaited = async (location: string): Promise<void> => {
  for (let attempt = 1; ; attempt++) {
    const reason = await reasonAway(location)
    if (reason === undefined) return
    if (attempt === 30) throw new Error(`The server that the tests run on cannot be used: ${reason}.`)
    await sleep(1_000)
  }
}

const server = await testServer()
await awaited(server.location)
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
