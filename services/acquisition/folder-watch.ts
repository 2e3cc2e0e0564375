/**
 * Wakes readers when something happens in the folder of their file. Only a hint: file systems without notices exist, and
 * notices get lost, so every reader looks at its file from time to time as well.
 */
import { type FSWatcher, watch } from "node:fs"
import { basename, dirname } from "node:path"

interface Folder {
  readonly watcher: FSWatcher
  /** By the name of the file. */
  readonly wakes: Map<string, Set<() => void>>
}

export class FolderWatch {
  readonly #folders = new Map<string, Folder>()
  /** Who listens, and to which path. */
  readonly #paths = new Map<() => void, string>()

  /** How many folders are watched. */
  get size(): number {
    return this.#folders.size
  }

  /**
   * Calls `wake` when something happens to this path, and to no other from now on. False: the folder cannot be watched
   * now, ask again later.
   */
  listen(path: string, wake: () => void): boolean {
    if (this.#paths.get(wake) !== path) this.leave(wake)
    const name = dirname(path)
    const folder = this.#folders.get(name) ?? this.#open(name)
    if (folder === undefined) return false
    this.#paths.set(wake, path)
    const key = basename(path)
    const wakes = folder.wakes.get(key)
    if (wakes === undefined) folder.wakes.set(key, new Set([wake]))
    else wakes.add(wake)
    return true
  }

  /** Ends that. A folder to which nobody listens is not watched: the system has few watches. */
  leave(wake: () => void): void {
    const path = this.#paths.get(wake)
    if (path === undefined) return
    this.#paths.delete(wake)
    const folder = this.#folders.get(dirname(path))
    const wakes = folder?.wakes.get(basename(path))
    wakes?.delete(wake)
    if (wakes?.size === 0) folder!.wakes.delete(basename(path))
    if (folder?.wakes.size === 0) this.#forget(dirname(path), folder)
  }

  #forget(name: string, folder: Folder): void {
    if (this.#folders.get(name) === folder) this.#folders.delete(name)
    folder.watcher.close()
  }

  #open(name: string): Folder | undefined {
    const wakes: Folder["wakes"] = new Map()
    try {
      const watcher = watch(name, (event, file) => {
        for (const [key, each] of wakes) if (file === null || file === key) for (const wake of each) wake()
        // So the folder itself is told of: it was moved or deleted. Whoever listens will see the one that takes its place.
        if (event === "rename" && file === basename(name)) this.#forget(name, folder)
      })
      const folder = { watcher, wakes }
      watcher.on("error", () => this.#forget(name, folder))
      this.#folders.set(name, folder)
      return folder
    } catch {
      return undefined // Too many watches, or no such folder yet.
    }
  }

  close(): void {
    for (const { watcher } of this.#folders.values()) watcher.close()
    this.#folders.clear()
    this.#paths.clear()
  }
}
