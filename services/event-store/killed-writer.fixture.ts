/**
 * The process that the crash suite kills: `node killed-writer.fixture.ts DIRECTORY`. Appends numbered events to three streams, in
 * groups of random size, as fast as it can, and says what was acknowledged: `STREAM COUNT`. It first reads where each
 * stream ends and goes on there at an exact revision, however an earlier life had grouped its events.
 */
import { writeSync } from "node:fs"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { storeFile } from "./layout.ts"
import { LogWriter } from "./log-writer.ts"
import type { ReadyEvent } from "./ready-group.ts"
import { lockForWriting } from "./writer-lock.ts"

export const streams = ["names-a", "names-b", "names-c"] as const

/** The id of a stream's event number n. */
export const idOf = (stream: number, number: number): string =>
  `${String(stream + 1).padStart(8, "0")}-0000-4000-8000-${String(number).padStart(12, "0")}`

const eventOf = (stream: number, number: number): ReadyEvent => ({
  id: idOf(stream, number),
  type: "NameResolved",
  metadata: '{"version":1}',
  data: JSON.stringify({ address: "203.0.113.7", name: "x".repeat((number * 37) % 900), outcome: "answered" })
})

const random = (below: number): number => Math.floor(Math.random() * below)

const endsOf = (path: string): Array<number> => {
  const db = new DatabaseSync(path, { readOnly: true })
  const end = db.prepare(
    "select ifnull(max(revision), -1) as revision from events join streams using (stream) where name = ?"
  )
  const ends = streams.map((stream) => (end.get(stream) as { readonly revision: number }).revision)
  db.close()
  return ends
}

const write = (directory: string): void => {
  const path = join(directory, storeFile)
  // Held for as long as the process lives: what nobody refers to is closed, and the lock with it.
  process.on("exit", lockForWriting(directory, new Date().toISOString(), {}))
  const { writer, notices } = LogWriter.open(path)
  for (const notice of notices) writeSync(1, `notice ${notice}\n`)
  const ends = endsOf(path)
  for (;;) {
    const groups = Array.from({ length: 1 + random(4) }, () => {
      const stream = random(streams.length)
      const first = ends[stream]! + 1
      const count = 1 + random(40)
      ends[stream] = first + count - 1
      const events = Array.from({ length: count }, (_, index) => eventOf(stream, first + index))
      return { parts: [{ stream: streams[stream]!, expected: first - 1, events }], recordedAt: Date.now() }
    })
    for (const answer of writer.commit(groups)) {
      if ("error" in answer) throw answer.error
      if (answer.failure !== undefined) throw new Error(JSON.stringify(answer.failure))
    }
    writeSync(
      1,
      `${groups.map(({ parts: [part] }) => `${part!.stream} ${part!.expected + part!.events.length + 1}`).join("\n")}\n`
    )
  }
}

const [, script, directory] = process.argv
if (script === import.meta.filename) write(directory!)
