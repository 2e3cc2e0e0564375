/** Named caches that parsers fill and expressions ask. They expire on detection time. */
import { longestReach } from "../../grok/reach.ts"
import { AgedMap } from "../../order/aged-map.ts"
import { UseCounts } from "../../order/use-counts.ts"
import { ownCopy } from "../../text/own-copy.ts"
import { shortened } from "../shortened.ts"

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

/** As much of a value as patterns see. */
const keptOf = (value: string): string => value.slice(0, longestReach)
/** Characters of all keys and values: a million entries of usual length never come near. */
const mostCharacters = 125_000_000

/** One cache. LFU drops the least used entry, LRU and ARC the one that was not used for the longest time. */
export class Stash {
  readonly rules: StashRules
  /** In the order of their last use. */
  readonly #entries = new AgedMap<Entry>()
  readonly #counts: UseCounts | undefined
  #characters = 0

  constructor(rules: StashRules) {
    this.rules = rules
    this.#counts = rules.strategy === "LFU" ? new UseCounts() : undefined
  }

  /** The value, which does not count as a use. */
  peek(key: string, now: number): string {
    const entry = this.#entries.get(shortened(key))
    return entry === undefined || now >= entry.expires ? "" : entry.value
  }

  get(key: string, now: number): string {
    const known = shortened(key)
    const entry = this.#entries.get(known)
    if (entry === undefined || now >= entry.expires) return ""
    this.#entries.set(known, entry)
    this.#counts?.remove(known, entry.uses)
    entry.uses++
    this.#counts?.add(known, entry.uses)
    return entry.value
  }

  set(key: string, value: string, now: number, ttlNs = this.rules.ttlNs): void {
    // Both may be parts of lines, which would be kept with them.
    const kept = ownCopy(keptOf(value))
    this.#put(ownCopy(shortened(key)), kept, now + Number(ttlNs) / 1000)
  }

  #put(key: string, value: string, expires: number, uses?: number): void {
    const count = uses ?? this.#entries.get(key)?.uses ?? 0
    this.#delete(key)
    const characters = key.length + value.length
    while (this.#entries.size >= Math.max(1, this.rules.size) || this.#characters + characters > mostCharacters)
      this.#delete((this.#counts?.leastUsed ?? this.#entries.oldest)!)
    this.#entries.set(key, { value, expires, uses: count })
    this.#counts?.add(key, count)
    this.#characters += characters
  }

  #delete(key: string): void {
    const entry = this.#entries.get(key)
    if (entry === undefined) return
    this.#entries.delete(key)
    this.#counts?.remove(key, entry.uses)
    this.#characters -= key.length + entry.value.length
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
    for (const [key, value, expires, uses] of snapshot.entries) this.#put(shortened(key), keptOf(value), expires, uses)
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

  peek(name: string, key: string, now: number): string {
    return this.#stashes.get(name)?.peek(key, now) ?? ""
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
