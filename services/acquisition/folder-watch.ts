/**
 * Wakes readers when something happens in the folder of their file. Only a hint: file systems without notices exist, and
 * notices get lost, so every reader looks at its file from time to time as well.
 */
import { type FSWatcher, watch } from "node:fs"
import { basename, dirname } from "node:path"

interface Folder {
  readonly watcher: FSWatcher
  readonly wakes: Map<string, Set<() => void>>
}

export class FolderWatch {
  readonly #folders = new Map<string, Folder>()

  /** Calls `wake` when something happens to this path. False: the folder cannot be watched now, ask again later. */
  listen(path: string, wake: () => void): boolean {
    const name = dirname(path)
    const folder = this.#folders.get(name) ?? this.#open(name)
    if (folder === undefined) return false
    const key = basename(path)
    const wakes = folder.wakes.get(key)
    if (wakes === undefined) folder.wakes.set(key, new Set([wake]))
    else wakes.add(wake)
    return true
  }

  #open(name: string): Folder | undefined {
    const wakes = new Map<string, Set<() => void>>()
    const forget = (): void => {
      if (this.#folders.get(name)?.wakes === wakes) this.#folders.delete(name)
    }
    try {
      const watcher = watch(name, (_event, file) => {
        for (const [key, each] of wakes) if (file === null || file === key) for (const wake of each) wake()
      })
      watcher.on("error", () => {
        forget()
        watcher.close()
      })
      const folder = { watcher, wakes }
      this.#folders.set(name, folder)
      return folder
    } catch {
      return undefined // Too many watches, or no such folder yet.
    }
  }

  close(): void {
    for (const { watcher } of this.#folders.values()) watcher.close()
    this.#folders.clear()
  }
}
