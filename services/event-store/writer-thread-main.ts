/** What runs in the writer's thread: one log, commits as they are asked for, and the fold of the write-ahead log when idle. */
import { parentPort, workerData } from "node:worker_threads"
import { StoreFault } from "./fault.ts"
import { LogWriter } from "./log-writer.ts"
import type { Written } from "./ready-group.ts"
import { type PackedGroup, unpack } from "./packed-group.ts"

export type ToWriter =
  | { readonly what: "commit"; readonly groups: ReadonlyArray<PackedGroup> }
  | { readonly what: "close" }

/** An error in plain values. `isFailure`: it is a `StoreFault`; else SQLite's or the system's own. */
export interface PlainError {
  readonly isFailure: boolean
  readonly message: string
  readonly code?: string | undefined
  readonly errcode?: number | undefined
}

export type FromWriter =
  | { readonly what: "opened"; readonly notices: ReadonlyArray<string> }
  | { readonly what: "failed"; readonly error: PlainError }
  | { readonly what: "committed"; readonly answers: ReadonlyArray<Written | { readonly plain: PlainError }> }

/** After so long without an append the write-ahead log is folded into the database, before a busy moment has to. */
const idleMilliseconds = 500

const plain = (error: unknown): PlainError => {
  const { message, code, errcode } = error as { message: string; code?: string; errcode?: number }
  return { isFailure: error instanceof StoreFault, message: String(message), code, errcode }
}

const port = parentPort!
const say = (message: FromWriter): void => port.postMessage(message)

const serve = (writer: LogWriter): void => {
  const idle = setTimeout(() => {
    try {
      writer.checkpoint()
    } catch {
      // The commits are safe without it; what is wrong shows with the next append.
    }
  }, idleMilliseconds)
  port.on("message", (message: ToWriter) => {
    if (message.what === "close") {
      clearTimeout(idle)
      writer.close()
      port.close()
      return
    }
    const answers = writer.commit(message.groups.map(unpack))
    say({
      what: "committed",
      answers: answers.map((answer) => ("error" in answer ? { plain: plain(answer.error) } : answer))
    })
    idle.refresh()
  })
}

const { path, acceptLoss } = workerData as { readonly path: string; readonly acceptLoss?: boolean }
try {
  const { writer, notices } = LogWriter.open(path, acceptLoss === undefined ? {} : { acceptLoss })
  serve(writer)
  say({ what: "opened", notices })
} catch (error) {
  say({ what: "failed", error: plain(error) })
}
