/**
 * The bouncer's own copy of the active bans: what it answers from when the API is away.
 *
 * Several decisions on one value are all kept, because the strongest may end before the others. Allowlist entries win
 * over bans, also inside a banned range. The time is always passed in.
 */
import type { Address } from "../../domain/net/address.ts"
import { type Prefix, parsePrefix } from "../../domain/net/prefix.ts"
import { PrefixTable } from "../../domain/net/prefix-table.ts"
import { type ActiveBan, readAllowed, readBan, readRemoved } from "./active-ban.ts"

/** What became of the entries of one message. */
export interface EntryCounts {
  /** Malformed, or of an address that is none. */
  readonly skipped: number
  /** Beyond the bound. */
  readonly refused: number
}

type Bans = ReadonlyArray<ActiveBan>

/** Addresses are ranges of one. */
interface Content {
  readonly bans: PrefixTable<Bans>
  /** Number of decisions. */
  size: number
  allowed: PrefixTable<true>
}

const emptyContent = (): Content => ({ bans: new PrefixTable(), size: 0, allowed: new PrefixTable() })

/** More decisions on one value say nothing new: the weakest give way. */
const perValue = 32

/** A snapshot is taken in slices of so many entries, so that verdicts are given in between. */
const slice = 5_000

const strengthOf = (type: string): number => (type === "ban" ? 2 : type === "captcha" ? 1 : 0)

/** Whether one decision goes before another: the stronger remediation, then the later end. */
const precedes = (one: ActiveBan, other: ActiveBan): boolean =>
  strengthOf(one.type) === strengthOf(other.type)
    ? one.until > other.until
    : strengthOf(one.type) > strengthOf(other.type)

export class BanSet {
  /** Most decisions that are kept. */
  readonly limit: number
  #content = emptyContent()
  #synced = false
  #sweep: Iterator<readonly [Prefix, Bans]> | undefined

  constructor(limit = 5_000_000) {
    this.limit = limit
  }

  /** Whether the API has ever answered. */
  get synced(): boolean {
    return this.#synced
  }

  /** Number of decisions, those included that ended and are not swept yet. */
  get size(): number {
    return this.#content.size
  }

  /** Number of allowlist entries. */
  get allowed(): number {
    return this.#content.allowed.size
  }

  /** Takes a whole state in place of the present one, which answers until the new one is complete. */
  async replace(bans: ReadonlyArray<unknown>, allowlist: ReadonlyArray<unknown>, now: number): Promise<EntryCounts> {
    const content = emptyContent()
    let { skipped, refused } = this.#allowIn(content, allowlist)
    for (let start = 0; start < bans.length; start += slice) {
      if (start > 0) await new Promise((resolve) => setTimeout(resolve, 0))
      const counts = this.#addTo(content, bans.slice(start, start + slice), now)
      skipped += counts.skipped
      refused += counts.refused
    }
    this.#content = content
    this.#sweep = undefined
    this.#synced = true
    return { skipped, refused }
  }

  /** A decision that is known already (same id and value) is replaced. */
  add(bans: ReadonlyArray<unknown>, now: number): EntryCounts {
    return this.#addTo(this.#content, bans, now)
  }

  /** Entries that name nothing known are no error: removing twice is removing once. */
  remove(entries: ReadonlyArray<unknown>): void {
    for (const entry of entries) {
      const removed = readRemoved(entry)
      const range = removed === undefined ? undefined : parsePrefix(removed.value)
      if (removed === undefined || range === undefined) continue
      this.#keep(this.#content, range, (ban) =>
        removed.id === undefined ? ban.type !== removed.type : ban.id !== removed.id
      )
    }
  }

  /** Takes a whole allowlist in place of the present one. */
  allow(allowlist: ReadonlyArray<unknown>): EntryCounts {
    this.#content.allowed = new PrefixTable()
    return this.#allowIn(this.#content, allowlist)
  }

  /** The decision that counts for an address at a time (milliseconds since 1970). */
  find(address: Address, now: number): ActiveBan | undefined {
    const { bans, allowed } = this.#content
    if (allowed.contains(address)) return undefined
    let found: ActiveBan | undefined
    for (const list of bans.matches(address))
      for (const ban of list) if (ban.until > now && (found === undefined || precedes(ban, found))) found = ban
    return found
  }

  /** Drops what has ended, from at most `ranges` addresses and ranges at a time, going round. */
  sweep(now: number, ranges: number): void {
    this.#sweep ??= this.#content.bans.entries()
    for (let looked = 0; looked < ranges; looked += 1) {
      const next = this.#sweep.next()
      if (next.done) {
        this.#sweep = undefined
        return
      }
      this.#keep(this.#content, next.value[0], (ban) => ban.until > now)
    }
  }

  #addTo(content: Content, bans: ReadonlyArray<unknown>, now: number): EntryCounts {
    let skipped = 0
    let refused = 0
    for (const entry of bans) {
      const ban = readBan(entry)
      if (ban === undefined) {
        skipped += 1
        continue
      }
      if (!isAddressScope(ban.scope)) continue
      const range = parsePrefix(ban.value)
      if (range === undefined) {
        skipped += 1
        continue
      }
      this.#keep(content, range, (known) => known.id !== ban.id)
      if (ban.until <= now) continue
      if (content.size >= this.limit) {
        refused += 1
        continue
      }
      const all = [...(content.bans.get(range) ?? []), ban]
      if (all.length > perValue)
        all.sort((one, other) => Number(precedes(other, one)) - Number(precedes(one, other))).pop()
      else content.size += 1
      content.bans.add(range, all)
    }
    return { skipped, refused }
  }

  #allowIn(content: Content, allowlist: ReadonlyArray<unknown>): EntryCounts {
    let skipped = 0
    for (const entry of allowlist) {
      const range = parsePrefix(readAllowed(entry) ?? "")
      if (range === undefined) skipped += 1
      else content.allowed.add(range, true)
    }
    return { skipped, refused: 0 }
  }

  #keep(content: Content, range: Prefix, keeps: (ban: ActiveBan) => boolean): void {
    const bans = content.bans.get(range)
    const left = bans?.filter(keeps)
    if (bans === undefined || left === undefined || left.length === bans.length) return
    content.size -= bans.length - left.length
    if (left.length === 0) content.bans.remove(range)
    else content.bans.add(range, left)
  }
}

/** Usernames, countries and the like are for other bouncers. */
const isAddressScope = (scope: string): boolean => /^(ip|range)$/i.test(scope)
