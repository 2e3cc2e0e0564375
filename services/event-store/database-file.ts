/** The database's file, while a process has it open. */
import { statSync } from "node:fs"
import { StoreFault } from "./fault.ts"

export class DatabaseFile {
  readonly #path: string
  readonly #inode: bigint

  /** @param path of a file that is open */
  constructor(path: string) {
    this.#path = path
    this.#inode = statSync(path, { bigint: true }).ino
  }

  /**
   * Whoever moves or deletes the files under a running process leaves it with a database that nobody will find again:
   * what it then wrote would be acknowledged and lost. Throws `TST-STORE-MOVED`.
   */
  checkInPlace(): void {
    if (statSync(this.#path, { bigint: true, throwIfNoEntry: false })?.ino === this.#inode) return
    throw new StoreFault(
      "TST-STORE-MOVED",
      `The event store ${this.#path} was moved, deleted or replaced while it was in use. Put it back, or start again.`
    )
  }
}
