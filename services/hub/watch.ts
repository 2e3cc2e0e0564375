/** Tells when a rule was edited while the node runs. */
import { createHash } from "node:crypto"
import { watch } from "node:fs"
import type { FSWatcher } from "node:fs"
import { readdir, stat } from "node:fs/promises"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Queue from "effect/Queue"
import * as Stream from "effect/Stream"
import type { HubOptions } from "./hub.ts"

/** The folders and files whose change may change what `loadHub` gives. */
export const foldersOf = (options: HubOptions): ReadonlyArray<string> => [
  options.hub,
  ...(options.data === undefined ? [] : [options.data]),
  ...(options.patterns ?? []),
  ...(options.profiles === undefined ? [] : [options.profiles, `${options.profiles}.local`])
]

export interface Timing {
  /** How long it must have been quiet, in milliseconds: editors write in several steps. */
  readonly quiet: number
  /** How often, in milliseconds, everything is looked at in any case: not every file system tells of changes. */
  readonly poll: number
  /** Emit also when watching has begun: what is loaded from then on misses no change. */
  readonly initially?: boolean
}

const maximumEntries = 50_000

/**
 * Emits once after each change below the folders (or of the files) named: something was written, renamed, added or
 * removed. Starting with what is there when the stream starts; so start it before loading. Folders may be missing and
 * come later. Never fails.
 */
export const watchHub = (
  folders: ReadonlyArray<string>,
  timing: Timing = { quiet: 150, poll: 30_000 }
): Stream.Stream<void> =>
  Stream.callback<void>(
    Effect.fnUntraced(function* (changes) {
      const hints = yield* Queue.sliding<void>(1)
      const watchers = yield* Effect.acquireRelease(
        Effect.sync(() => openWatchers(folders, () => Queue.offerUnsafe(hints, undefined))),
        (opened) => Effect.sync(opened.close)
      )
      const look = Effect.promise(() => fingerprint(folders))
      const hinted = (wait: number) => Queue.take(hints).pipe(Effect.timeoutOption(wait), Effect.map(Option.isSome))
      let known = yield* look
      if (timing.initially === true) Queue.offerUnsafe(changes, undefined)
      while (true) {
        let restless = yield* hinted(timing.poll)
        // A writer that never rests must not hold the news back for ever.
        for (let round = 0; restless && round < 20; round++) restless = yield* hinted(timing.quiet)
        const now = yield* look
        if (now === known) continue
        known = now
        // A folder that was replaced is watched by nobody until it is watched anew.
        watchers.reopen()
        Queue.offerUnsafe(changes, undefined)
      }
    }),
    { bufferSize: 1, strategy: "sliding" }
  )

/** The operating system's own notices, as hints: they say that something happened, the fingerprint says what counts. */
const openWatchers = (folders: ReadonlyArray<string>, hint: () => void) => {
  let watchers: FSWatcher[] = []
  const close = (): void => {
    for (const watcher of watchers) watcher.close()
    watchers = []
  }
  const reopen = (): void => {
    close()
    for (const folder of folders) {
      try {
        const watcher = watch(folder, { recursive: true, persistent: false }, hint)
        // Too many watches, or the folder has gone: the poll goes on.
        watcher.on("error", () => watcher.close())
        watchers.push(watcher)
      } catch {
        // Not there, or not watchable: the poll sees it.
      }
    }
  }
  reopen()
  return { close, reopen }
}

/** A digest over name, size, time and identity of all files; hidden folders, which hold no rules, are left out. */
const fingerprint = async (folders: ReadonlyArray<string>): Promise<string> => {
  const digest = createHash("sha256")
  let entries = 0
  const visit = async (path: string, depth: number): Promise<void> => {
    entries += 1
    if (entries > maximumEntries || depth > 10) return
    const found = await stat(path, { bigint: true }).catch(() => undefined)
    if (found === undefined) return
    if (!found.isDirectory()) {
      digest.update(`${path}\0${found.size}\0${found.mtimeNs}\0${found.ino}\n`)
      return
    }
    digest.update(`${path}/\n`)
    const children = await readdir(path, { withFileTypes: true }).catch(() => [])
    const names = children.filter((child) => !(child.isDirectory() && child.name.startsWith(".")))
    for (const { name } of names.sort((left, right) => (left.name < right.name ? -1 : 1))) {
      await visit(join(path, name), depth + 1)
    }
  }
  for (const folder of folders) await visit(folder, 0)
  return digest.digest("hex")
}
