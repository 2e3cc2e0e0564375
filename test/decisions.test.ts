/** `testudo decisions` on a store, without a node. */
import { join } from "node:path"
import * as Effect from "effect/Effect"
import { expect, it } from "vitest"
import { EmbeddedEventStore } from "../services/event-store/embedded.ts"
import { EventStore } from "../services/event-store/event-store.ts"
import { deciding } from "../services/api/trial.fixture.ts"
import { run, temporaryFolder } from "./process.ts"

it("bans what is no address by its scope, and lifts it by its value", async () => {
  const store = ["--store", join(temporaryFolder(), "store")]
  expect((await run("decisions", "add", "--scope", "country", "FR", ...store)).stdout).toContain(
    "ban Country:FR for 4h"
  )
  expect((await run("decisions", "add", "-s", "Ip", "203.0.113.0/24", ...store)).stderr).toContain("TST-DECISION-VALUE")
  expect((await run("decisions", "add", "-s", "a b", "x", ...store)).stderr).toContain("TST-DECISION-SCOPE")
  const listed = JSON.parse((await run("decisions", "list", "--json", ...store)).stdout) as unknown
  expect(listed).toMatchObject([{ scope: "Country", value: "FR", simulated: false }])
  expect((await run("decisions", "delete", "FR", ...store)).stdout).toContain("1 decision ended")
})

it("does not take an empty value for one that nobody is banned by", async () => {
  const store = ["--store", join(temporaryFolder(), "store")]
  await run("decisions", "add", "203.0.113.9", ...store)
  for (const none of [[""], [" "], ["", "--all"], []]) {
    const { status, stderr } = await run("decisions", "delete", ...none, ...store)
    expect([status, stderr]).toEqual([1, expect.stringContaining("TST-CLI-DELETE")])
  }
})

it("shows simulated decisions as such, and the ban beside one that lasts longer", async () => {
  const directory = join(temporaryFolder(), "store")
  await Effect.gen(function* () {
    const store = yield* EventStore
    for (const { id, type, data, metadata, stream } of [deciding(1), deciding(2, { simulated: true }, 7_200)])
      yield* store.append(stream, [{ id, type, data, metadata }], "any")
  }).pipe(Effect.provide(EmbeddedEventStore.layer({ directory, mode: "writer" })), Effect.runPromise)
  const shown = (await run("decisions", "list", "--store", directory)).stdout.split("\n")
  expect(shown.slice(1, 3)).toEqual([
    expect.stringMatching(/^1 +Ip:203\.0\.113\.7 +ban +\d/),
    expect.stringMatching(/^2 +Ip:203\.0\.113\.7 +ban \(simulated\) +\d/)
  ])
})
