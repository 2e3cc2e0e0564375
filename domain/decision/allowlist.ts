/** Who is never to be banned: the allowlists of the log, as one question. */
import type { Allowlist, AllowlistEntry } from "../events/allowlist.ts"
import { isHost, parsePrefix, type Prefix, prefixContainsPrefix } from "../net/prefix.ts"
import { PrefixTable } from "../net/prefix-table.ts"
import { prefixFor } from "./scope.ts"

/** The entry because of which something is not banned. */
export interface Exemption {
  readonly allowlist: string
  readonly entry: AllowlistEntry
}

/** The current lists, one for each name. Immutable: made anew when a list is replaced. */
export class Allowlists {
  readonly lists: ReadonlyMap<string, Allowlist>
  readonly #table = new PrefixTable<Exemption>()

  private constructor(lists: ReadonlyMap<string, Allowlist>) {
    this.lists = lists
    for (const { name, entries } of lists.values()) {
      for (const entry of entries) {
        const prefix = parsePrefix(entry.value)
        if (prefix !== undefined) this.#table.add(prefix, { allowlist: name, entry })
      }
    }
  }

  /** Of two lists of the same name, the later one holds. */
  static of(lists: Iterable<Allowlist>): Allowlists {
    return new Allowlists(new Map([...lists].map((list) => [list.name, list])))
  }

  /** These lists after one was replaced. */
  replaced(list: Allowlist): Allowlists {
    return new Allowlists(new Map([...this.lists, [list.name, list]]))
  }

  /**
   * Why this scope and value may not be banned, or undefined. A range is exempt when an entry contains it, and also when
   * it contains an entry, because banning it would ban that one.
   */
  exemption(scope: string, value: string): Exemption | undefined {
    const prefix = prefixFor(scope, value)
    return prefix === undefined ? undefined : (this.#table.matches(prefix)[0] ?? this.#inside(prefix))
  }

  /** An address contains nothing but itself, which is found already. */
  #inside(prefix: Prefix): Exemption | undefined {
    if (isHost(prefix)) return undefined
    for (const [each, exemption] of this.#table.entries()) if (prefixContainsPrefix(prefix, each)) return exemption
    return undefined
  }

  /** Whether {@link exemption} has an answer. */
  covers(scope: string, value: string): boolean {
    return this.exemption(scope, value) !== undefined
  }

  /** All entries of all lists. */
  entries(): ReadonlyArray<AllowlistEntry> {
    return [...this.lists.values()].flatMap(({ entries }) => entries)
  }
}
