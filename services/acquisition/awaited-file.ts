/**
 * The empty file at a log's path, for which reading waits at the end of the one before. It may be rotated before anything is
 * written to it, and a writer that nobody told of that goes on there. Neither the path nor the folder shows it, so the file
 * is held open.
 */
import { openFile, statusOf } from "./file-identity.ts"
import { GrowingFile } from "./open-file.ts"

export class AwaitedFile {
  #file: GrowingFile | undefined

  /** Holds the file at this place, when it is empty and no other one is held. */
  async hold(place: string): Promise<void> {
    if (this.#file !== undefined) return
    const opened = await openFile(place).catch(() => undefined)
    if (opened === undefined) return
    if (opened.status.size === 0) this.#file = await GrowingFile.at(place, opened, 0)
    else await opened.handle.close()
  }

  /** Another text as soon as something is written to it. */
  async look(): Promise<string> {
    return this.#file === undefined ? "" : `${(await statusOf(this.#file.handle)).size}`
  }

  /**
   * Ends the waiting, as this file is read now, unless that is one before the one that is waited for: then it is not at the
   * path. Gives the one that was waited for when it is another one, and still empty: something may yet be written to it.
   */
  async passedOver(next: { readonly inode: number }, atPath: boolean): Promise<GrowingFile | undefined> {
    const file = this.#file
    if (file === undefined || (file.inode !== next.inode && !atPath)) return undefined
    this.#file = undefined
    const { links, size } = await statusOf(file.handle)
    if (file.inode !== next.inode && links > 0 && size === 0) return file
    await file.close()
    return undefined
  }

  async close(): Promise<void> {
    const file = this.#file
    this.#file = undefined
    await file?.close()
  }
}
