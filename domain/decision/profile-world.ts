/** What profiles see besides the alert. Expressions are compiled once; whoever asks them lends what is known just then. */
import type { Context, DataFiles } from "../expression/environment.ts"
import { emptyContext } from "../expression/expression.ts"

/** What is known when an overflow is answered. Without decisions nothing was ever decided. */
export type ProfileView = Pick<Context, "now"> & Partial<Pick<Context, "decisions" | "stashes" | "geo">>

export class ProfileWorld implements Context {
  readonly files: DataFiles
  #view: ProfileView = emptyContext

  constructor(files: DataFiles = emptyContext.files) {
    this.files = files
  }

  enter(view: ProfileView): void {
    this.#view = view
  }

  get now(): Context["now"] {
    return this.#view.now
  }

  get stashes(): Context["stashes"] {
    return this.#view.stashes ?? emptyContext.stashes
  }

  get decisions(): NonNullable<Context["decisions"]> {
    return this.#view.decisions ?? nothingDecided
  }

  get geo(): NonNullable<Context["geo"]> {
    return this.#view.geo ?? nowhere
  }
}

const nothingDecided: NonNullable<Context["decisions"]> = {
  all: () => 0,
  active: () => 0,
  since: () => 0,
  timeLeft: () => 0n
}

const nowhere: NonNullable<Context["geo"]> = { city: () => undefined, network: () => undefined }
