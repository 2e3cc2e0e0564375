/**
 * The text of rules in the log: recorded once per hash on the stream `content`, so that the log alone suffices to judge
 * again as on that day.
 */
import { sha256 } from "@noble/hashes/sha2.js"
import { bytesToHex } from "@noble/hashes/utils.js"
import * as Effect from "effect/Effect"
import { zstdCompressSync, zstdDecompressSync } from "node:zlib"
import { derivedId } from "../../domain/events/derived-id.ts"
import type { ProposedEvent } from "../../domain/events/event.ts"
import { type Activation, type Content, ContentRecorded } from "../../domain/events/ruleset.ts"
import { contentStream } from "../../domain/events/stream-name.ts"
import type { RuleFile } from "../../domain/rules/rule.ts"
import { atEnd, expectedBehind } from "../event-store/at-end.ts"
import { EventStore } from "../event-store/event-store.ts"

/** Compressed bytes in one event: with base64 well under the store's limit. */
const partBytes = 480_000

/** Larger files (MMDB) are identified by their hash only. */
const maxRecordedBytes = 8_000_000

/** What one content part may unpack to; a recorded file is at most `maxRecordedBytes`. */
const maxUnpackedBytes = maxRecordedBytes + 1

const toEvents = (content: Uint8Array): ReadonlyArray<ProposedEvent<string, Content>> => {
  const hash = bytesToHex(sha256(content))
  const packed = zstdCompressSync(content)
  const parts = Math.max(1, Math.ceil(packed.length / partBytes))
  return Array.from({ length: parts }, (_, part) =>
    ContentRecorded.propose(derivedId("content", hash, part), {
      hash,
      part,
      parts,
      encoding: "zstd+base64",
      body: packed.subarray(part * partBytes, (part + 1) * partBytes).toString("base64")
    })
  )
}

/** Reads the whole stream `content`, page by page. */
const readContent = Effect.fn("content.read")(function* (visit: (content: Content) => void) {
  const store = yield* EventStore
  let from = 0
  while (true) {
    const page = yield* store.readStream(contentStream, { from, limit: 50 })
    for (const event of page) if (ContentRecorded.is(event)) visit(event.data)
    const last = page.at(-1)
    if (last === undefined) return from
    from = last.revision + 1
  }
})

/** Appends what the log does not hold yet of these files. */
export const recordContent = Effect.fn("content.record")(function* (files: ReadonlyArray<RuleFile>) {
  const store = yield* EventStore
  yield* atEnd(store, contentStream, (end) =>
    Effect.gen(function* () {
      const known = new Set<string>()
      const read = yield* readContent((content) => known.add(`${content.hash}/${content.part}`))
      let revision = Math.max(read - 1, end.revision)
      for (const file of files) {
        if (file.content.length > maxRecordedBytes) continue
        for (const event of toEvents(file.content)) {
          const key = `${event.data.hash}/${event.data.part}`
          if (known.has(key)) continue
          known.add(key)
          const appended = yield* store.append(contentStream, [event], expectedBehind({ revision }))
          revision = appended.revision
        }
      }
    })
  )
})

/** The files of a recorded ruleset; files too large to be recorded are missing. */
export const recordedFiles = Effect.fn("content.files")(function* (activation: Activation) {
  const wanted = new Map<string, Array<string | undefined>>(activation.items.map((item) => [item.hash, []]))
  yield* readContent((content) => {
    const parts = wanted.get(content.hash)
    if (parts !== undefined) {
      parts.length = content.parts
      parts[content.part] = content.body
    }
  })
  return activation.items.flatMap((item): ReadonlyArray<RuleFile> => {
    const parts = wanted.get(item.hash)
    if (parts === undefined || parts.length === 0 || !parts.every((part) => part !== undefined)) return []
    const packed = Buffer.concat(parts.map((part) => Buffer.from(part!, "base64")))
    return [
      {
        kind: item.kind as RuleFile["kind"],
        path: item.path,
        file: `${item.path} (recorded)`,
        version: item.version,
        content: zstdDecompressSync(packed, { maxOutputLength: maxUnpackedBytes })
      }
    ]
  })
})
