/** When a file that was read to its end is left: once it was rotated and its writer has gone over to a newer one. */
import { AwaitedFile } from "./awaited-file.ts"
import { type FileStatus, statusOf } from "./file-identity.ts"
import type { GrowingFile, OpenFile } from "./open-file.ts"
import type { Patience } from "./patience.ts"
import { isGone } from "./reading-problem.ts"
import { hasBetween, lookAt } from "./rotated-files.ts"

export interface DepartureOptions {
  readonly path: string
  /** A person named this very file; false: a pattern found it. */
  readonly isNamed: boolean
  readonly patience: Patience
  /** Whether the reader of another log has this file. */
  readonly isHeld: (file: FileStatus) => boolean
}

export class Departure {
  readonly #options: DepartureOptions
  /** Inode of the new file at the path, and since when there is something newer to read. */
  #successor: { readonly inode: number; since: number | undefined } | undefined
  readonly #awaited = new AwaitedFile()
  /** What was there when nothing lay between the file and an empty one at the path. */
  #looked = ""

  constructor(options: DepartureOptions) {
    this.#options = options
  }

  /** The file that was waited for, when reading has gone on to another one and something may yet be written to it. */
  passedOver(next: OpenFile, atPath: boolean): Promise<GrowingFile | undefined> {
    return this.#awaited.passedOver(next, atPath)
  }

  close(): Promise<void> {
    return this.#awaited.close()
  }

  /** Another file is read now. */
  reset(): void {
    this.#successor = undefined
    this.#looked = ""
  }

  /**
   * `place`: where the path leads; `atPath`: the file was found there, not among the rotated ones. `is gone`: there is
   * no file that takes its place. `now`: milliseconds since 1970.
   */
  async from(
    file: GrowingFile,
    { place, atPath, now }: { readonly place: string; readonly atPath: boolean; readonly now: number }
  ): Promise<"not yet" | "to the next" | "is gone"> {
    const { isHeld, isNamed, path, patience } = this.#options
    const own = await statusOf(file.handle)
    const current = await statusOf(path).catch((cause: unknown) => {
      if (!isGone(cause)) throw cause
      return undefined
    })
    if (current !== undefined && (current.inode === file.inode || current.kind !== "file")) {
      this.#successor = undefined
      return "not yet"
    }
    if (current === undefined || (!isNamed && isHeld(current))) {
      // Whoever still writes goes on into the old file; but it must not be held for ever.
      const moved = isNamed ? Number.POSITIVE_INFINITY : patience.moved
      return now - own.changed < (own.links > 0 ? moved : patience.deleted) ? "not yet" : "is gone"
    }
    if (this.#successor?.inode !== current.inode) this.#successor = { inode: current.inode, since: undefined }
    // An empty new file can wait, and then nobody has begun to write to it: the old one may still grow.
    if (current.size === 0 && !(await this.#between(place, own))) return "not yet"
    // The clock may be set back meanwhile: nobody shall wait for it to come there again.
    this.#successor.since = Math.min(this.#successor.since ?? now, now)
    const quietSince = Math.max(own.changed, atPath ? this.#successor.since : 0)
    const isDue = now - quietSince >= patience.rotated || now - this.#successor.since >= patience.bothWritten
    return isDue ? "to the next" : "not yet"
  }

  /** Whether there are rotated files between this one and an empty one at the path. */
  async #between(place: string, own: FileStatus): Promise<boolean> {
    await this.#awaited.hold(place)
    const look = `${await lookAt(place)},${await this.#awaited.look()}`
    if (look === this.#looked) return false
    if (await hasBetween(place, own)) return true
    this.#looked = look
    return false
  }
}
