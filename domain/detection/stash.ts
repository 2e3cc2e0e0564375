/** Named caches that parsers fill and expressions ask (spec detection.md §2.10). They expire on detection time. */
export interface StashRules {
  readonly name: string
  readonly ttlNs: bigint
  readonly size: number
  readonly strategy: "LRU" | "LFU" | "ARC"
}

interface Entry {
  readonly value: string
  /** Microseconds since 1970. */
  readonly expires: number
  uses: number
}

export interface StashSnapshot {
  readonly rules: string
  readonly entries: ReadonlyArray<readonly [key: string, value: string, expires: number, uses: number]>
}

/** One cache. LFU drops the least used entry, LRU and ARC the one that was not used for the longest time. */
export class Stash {
  readonly rules: StashRules
  readonly #entries = new Map<string, Entry>()

  constructor(rules: StashRules) {
    this.rules = rules
  }

  get(key: string, now: number): string {
    const entry = this.#entries.get(key)
    if (entry === undefined || now >= entry.expires) return ""
    entry.uses++
    this.#entries.delete(key)
    this.#entries.set(key, entry)
    return entry.value
  }

  set(key: string, value: string, now: number, ttlNs = this.rules.ttlNs): void {
    const uses = this.#entries.get(key)?.uses ?? 0
    this.#entries.delete(key)
    if (this.#entries.size >= Math.max(1, this.rules.size)) this.#drop()
    this.#entries.set(key, { value, expires: now + Number(ttlNs) / 1000, uses })
  }

  #drop(): void {
    let [victim] = this.#entries.keys()
    if (this.rules.strategy === "LFU") {
      let fewest = Number.POSITIVE_INFINITY
      for (const [key, { uses }] of this.#entries) {
        if (uses < fewest) {
          fewest = uses
          victim = key
        }
      }
    }
    this.#entries.delete(victim!)
  }

  snapshot(): StashSnapshot {
    return {
      rules: signature(this.rules),
      entries: Array.from(this.#entries, ([key, { value, expires, uses }]) => [key, value, expires, uses] as const)
    }
  }

  /** Takes the entries back, unless the rules of the stash are others now. */
  restore(snapshot: StashSnapshot): void {
    if (snapshot.rules !== signature(this.rules)) return
    for (const [key, value, expires, uses] of snapshot.entries) this.#entries.set(key, { value, expires, uses })
  }

  /** The entries go on living under other rules' name; see {@link Stashes.activate}. */
  isLike(rules: StashRules): boolean {
    return signature(this.rules) === signature(rules)
  }
}

const signature = ({ name, ttlNs, size, strategy }: StashRules): string =>
  JSON.stringify([name, String(ttlNs), size, strategy])

/** All stashes of an engine, by name. Of two rules with one name the first stands. */
export class Stashes {
  #stashes = new Map<string, Stash>()

  constructor(rules: ReadonlyArray<StashRules>) {
    this.activate(rules)
  }

  /** Goes over to other rules; a stash whose rules are the same keeps its entries. */
  activate(rules: ReadonlyArray<StashRules>): void {
    const stashes = new Map<string, Stash>()
    for (const rule of rules) {
      if (stashes.has(rule.name)) continue
      const old = this.#stashes.get(rule.name)
      stashes.set(rule.name, old?.isLike(rule) ? old : new Stash(rule))
    }
    this.#stashes = stashes
  }

  get(name: string, key: string, now: number): string {
    return this.#stashes.get(name)?.get(key, now) ?? ""
  }

  set(name: string, key: string, value: string, now: number, ttlNs: bigint | undefined): void {
    this.#stashes.get(name)?.set(key, value, now, ttlNs)
  }

  snapshot(): ReadonlyArray<readonly [string, StashSnapshot]> {
    return Array.from(this.#stashes, ([name, stash]) => [name, stash.snapshot()] as const)
  }

  restore(snapshots: ReadonlyArray<readonly [string, StashSnapshot]>): void {
    for (const [name, snapshot] of snapshots) this.#stashes.get(name)?.restore(snapshot)
  }
}
