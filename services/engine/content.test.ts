import { randomBytes, randomUUID } from "node:crypto"
import { constants, zstdCompressSync } from "node:zlib"
import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { ruleFile } from "../../domain/detection/recorded.fixture.ts"
import { ContentRecorded } from "../../domain/events/ruleset.ts"
import type { RuleFile } from "../../domain/rules/rule.ts"
import { contentHash } from "../../domain/rules/rule-file.ts"
import { EventStore } from "../event-store/event-store.ts"
import { onStore, type Store } from "../event-store/store.fixture.ts"
import { recordContent, recordedFiles } from "./content.ts"

const small = ruleFile("parsers", "parsers/small.yaml", "name: small")
/** Takes two events. */
const large: RuleFile = {
  ...ruleFile("data", "large.txt", ""),
  content: Buffer.from(randomBytes(600_000).toString("hex"))
}

const record = (store: Store, ...files: ReadonlyArray<RuleFile>) =>
  Effect.provideService(recordContent(files), EventStore, store)

const recorded = (store: Store, ...files: ReadonlyArray<RuleFile>) => {
  const items = files.map((file) => ({ ...file, name: "", hash: contentHash(file) }))
  const activation = { hash: "", engine: "", names: "off", items } as const
  return Effect.map(Effect.provideService(recordedFiles(activation), EventStore, store), (found) =>
    found.map(({ path, content }) => [path, Buffer.from(content).toString()])
  )
}

const whole = [small, large].map(({ path, content }) => [path, Buffer.from(content).toString()])
const length = (store: Store) => Effect.map(store.readStream("content"), (events) => events.length)

describe("the text of rules", () => {
  onStore("is recorded once", (store) =>
    Effect.gen(function* () {
      yield* record(store, small, large)
      yield* record(store, large, small)
      assert.deepStrictEqual(yield* recorded(store, small, large), whole)
      assert.strictEqual(yield* length(store), 3)
    })
  )

  onStore("is whole where a version that compresses otherwise broke off", (store) =>
    Effect.gen(function* () {
      const hash = contentHash(large)
      const packed = zstdCompressSync(large.content, { params: { [constants.ZSTD_c_compressionLevel]: 19 } })
      const body = packed.subarray(0, 480_000).toString("base64")
      const begun = { hash, part: 0, parts: 2, encoding: "zstd+base64", body } as const
      yield* store.append("content", [ContentRecorded.propose(randomUUID(), begun)], "no_stream")
      yield* record(store, small, large)
      assert.deepStrictEqual(yield* recorded(store, small, large), whole)
    })
  )

  onStore("is whole whoever records it at the same time", (store) =>
    Effect.gen(function* () {
      yield* Effect.all([record(store, small, large), record(store, large), record(store, large, small)], {
        concurrency: "unbounded"
      })
      assert.deepStrictEqual(yield* recorded(store, small, large), whole)
    })
  )

  onStore("is missing where it cannot be put together, and recorded anew", (store) =>
    Effect.gen(function* () {
      const junk = { hash: contentHash(small), part: 0, parts: 1, encoding: "zstd+base64", body: "junk" } as const
      yield* store.append("content", [ContentRecorded.propose(randomUUID(), junk)], "no_stream")
      assert.deepStrictEqual(yield* recorded(store, small), [])
      yield* record(store, small)
      assert.deepStrictEqual(yield* recorded(store, small), whole.slice(0, 1))
    })
  )
})
