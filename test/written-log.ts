import { createWriteStream } from "node:fs"
import { pipeline } from "node:stream/promises"
import type { GeneratedLog } from "../fixtures/generators/timeline.ts"

/** Writes a log line by line as it is generated, however long it is; answers the file. */
export const writtenLog = async (log: GeneratedLog, file: string): Promise<string> => {
  const text = function* () {
    for (const line of log.lines) yield `${line}\n`
  }
  await pipeline(text(), createWriteStream(file))
  return file
}
