/**
 * The text of rules in the log: recorded once per hash on the stream `content`, so that the log alone suffices to judge
 * again as on that day.
 */
import { hash as digest } from "node:crypto"
import * as Effect from "effect/Effect"
import { zstdCompressSync, zstdDecompressSync } from "node:zlib"
import { derivedId } from "../../domain/events/derived-id.ts"
import { type Activation, type Content, ContentRecorded } from "../../domain/events/ruleset.ts"
import { contentStream } from "../../domain/events/stream-name.ts"
import type { RuleFile } from "../../domain/rules/rule.ts"
import { contentHash } from "../../domain/rules/rule-file.ts"
import { atEnd, expectedBehind } from "../event-store/at-end.ts"
import { EventStore } from "../event-store/event-store.ts"

/** Compressed bytes in one event: with base64 well under the store's limit. */
const partBytes = 480_000

/** Larger files (MMDB) are identified by their hash only. */
const maxRecordedBytes = 8_000_000

/** What one content part may unpack to; a recorded file is at most `maxRecordedBytes`. */
const maxUnpackedBytes = maxRecordedBytes + 1

/** The text in pieces. How it is compressed another version may see otherwise: pieces of two do not fit together. */
const packed = (hash: string, content: Uint8Array): ReadonlyArray<Content> => {
  const bytes = zstdCompressSync(content)
  const parts = Math.max(1, Math.ceil(bytes.length / partBytes))
  return Array.from({ length: parts }, (_, part) => ({
    hash,
    part,
    parts,
    encoding: "zstd+base64",
    body: bytes.subarray(part * partBytes, (part + 1) * partBytes).toString("base64")
  }))
}

/** The text with this hash; undefined when the pieces are not those of one. */
const unpacked = (hash: string, bodies: ReadonlyArray<string>): Uint8Array | undefined => {
  try {
    const bytes = Buffer.concat(bodies.map((body) => Buffer.from(body, "base64")))
    const content = zstdDecompressSync(bytes, { maxOutputLength: maxUnpackedBytes })
    return digest("sha256", content) === hash ? content : undefined
  } catch {
    return undefined
  }
}

/** Texts as the log holds them, put together in its order: whoever broke off, or came second, has begun anew. */
class Recorded {
  readonly texts = new Map<string, Uint8Array>()
  readonly #wanted: ReadonlySet<string>
  readonly #begun = new Map<string, Array<string>>()

  constructor(hashes: Iterable<string>) {
    this.#wanted = new Set(hashes)
  }

  add({ hash, part, parts, body }: Content): void {
    if (!this.#wanted.has(hash) || this.texts.has(hash)) return
    const begun = part === 0 ? [] : this.#begun.get(hash)
    if (begun?.length !== part) return
    begun.push(body)
    this.#begun.set(hash, begun)
    if (begun.length < parts) return
    this.#begun.delete(hash)
    const text = unpacked(hash, begun)
    if (text !== undefined) this.texts.set(hash, text)
  }
}

/** Reads the texts with these hashes from the stream `content`, page by page; also tells how many events it has. */
const readContent = Effect.fn("content.read")(function* (hashes: Iterable<string>) {
  const store = yield* EventStore
  const recorded = new Recorded(hashes)
  let from = 0
  while (true) {
    const page = yield* store.readStream(contentStream, { from, limit: 50 })
    for (const event of page) if (ContentRecorded.is(event)) recorded.add(event.data)
    const last = page.at(-1)
    if (last === undefined) return { texts: recorded.texts, length: from }
    from = last.revision + 1
  }
})

/** Appends what the log does not hold yet of these files. */
export const recordContent = Effect.fn("content.record")(function* (files: ReadonlyArray<RuleFile>) {
  const store = yield* EventStore
  const small = files.filter(({ content }) => content.length <= maxRecordedBytes)
  const contents = new Map(small.map((file) => [contentHash(file), file.content]))
  yield* atEnd(store, contentStream, (end) =>
    Effect.gen(function* () {
      const { texts, length } = yield* readContent(contents.keys())
      let revision = Math.max(length - 1, end.revision)
      for (const [hash, content] of contents) {
        if (texts.has(hash)) continue
        for (const piece of packed(hash, content)) {
          const id = derivedId("content", revision + 1, hash, piece.part, piece.body)
          const event = ContentRecorded.propose(id, piece)
          revision = (yield* store.append(contentStream, [event], expectedBehind({ revision }))).revision
        }
      }
    })
  )
})

/** The files of a recorded ruleset; files too large to be recorded are missing, and those that cannot be put together. */
export const recordedFiles = Effect.fn("content.files")(function* (activation: Activation) {
  const { texts } = yield* readContent(activation.items.map(({ hash }) => hash))
  return activation.items.flatMap(({ kind, path, version, hash }): ReadonlyArray<RuleFile> => {
    const content = texts.get(hash)
    const file = `${path} (recorded)`
    return content === undefined ? [] : [{ kind: kind as RuleFile["kind"], path, file, version, content }]
  })
})
