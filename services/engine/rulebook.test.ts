import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { plainParser, scenarioFile } from "../../domain/detection/recorded.fixture.ts"
import { EventStore } from "../event-store/event-store.ts"
import { onStore } from "../event-store/store.fixture.ts"
import { recordContent } from "./content.ts"
import { compileRules, Rulebook } from "./rulebook.ts"

/** Edited so many times. */
const edit = (number: number) => {
  const files = [plainParser, scenarioFile("edited", `type: trigger\nblackhole: ${number}m`)]
  return { files, ...compileRules(files, { names: "off" }) }
}
const edits = Array.from({ length: 12 }, (_, number) => edit(number + 1))

describe("a rulebook", () => {
  onStore("keeps the rules that judge, and compiles older ones again from the log", (store) =>
    Effect.gen(function* () {
      const rulebook = new Rulebook(Effect.succeed([]))
      const of = (index: number) => rulebook.of(edits[index]!.rules.activation)
      for (const [index, { files, rules }] of edits.entries()) {
        yield* recordContent(files)
        rulebook.add(rules)
        assert.strictEqual(yield* of(index), rules)
        // What is active already is loaded again at every start and every SIGHUP.
        rulebook.add(edit(index + 1).rules)
        assert.strictEqual(yield* of(index), rules)
      }
      const again = yield* of(0)
      assert.notStrictEqual(again, edits[0]!.rules)
      assert.deepStrictEqual(again.activation, edits[0]!.rules.activation)
      assert.strictEqual(again.ruleset.scenarios.length, 1)
      assert.strictEqual(yield* of(0), again)
    }).pipe(Effect.provideService(EventStore, store))
  )

  onStore("looks for nothing in the log that is at hand", (store) =>
    Effect.gen(function* () {
      const { files, rules } = edits[0]!
      const reads: Array<string> = []
      const readStream: typeof store.readStream = (stream, options) => {
        reads.push(stream)
        return store.readStream(stream, options)
      }
      yield* recordContent([...files, ...edits[1]!.files]).pipe(Effect.provideService(EventStore, store))
      const rulebook = new Rulebook(Effect.succeed(files))
      const of = (index: number) =>
        rulebook
          .of(edits[index]!.rules.activation)
          .pipe(Effect.provideService(EventStore, EventStore.of({ ...store, readStream })))
      const found = yield* of(0)
      assert.deepStrictEqual(found.activation, rules.activation)
      assert.strictEqual(found.ruleset.hash, rules.hash)
      assert.strictEqual(found.ruleset.scenarios.length, 1)
      assert.deepStrictEqual(reads, [])
      // One of its files is at hand.
      assert.strictEqual((yield* of(1)).ruleset.scenarios.length, 1)
      assert.isAbove(reads.length, 0)
    })
  )

  onStore("holds rules ready until they judge, however many come before", (store) =>
    Effect.gen(function* () {
      const rulebook = new Rulebook(Effect.succeed([]))
      for (const { rules } of edits) rulebook.add(rules)
      for (const { rules } of edits) assert.strictEqual(yield* rulebook.of(rules.activation), rules)
    }).pipe(Effect.provideService(EventStore, store))
  )
})
