/** The decisions of a state, found by id, by what they are about, by the addresses they cover and by when they changed. */
import { prefixFor } from "../domain/decision/scope.ts"
import { parsePrefix, type Prefix, prefixContainsPrefix } from "../domain/net/prefix.ts"
import { PrefixTable } from "../domain/net/prefix-table.ts"
import type { StandingDecision } from "./active-bans.ts"

/** `containing`: decisions that cover the range; `inside`: those that the range covers. */
export interface RangeRelation {
  readonly value: Prefix
  readonly relation: "containing" | "inside"
}

const groupKey = ({ scope, type, value }: StandingDecision): string =>
  `${scope.length}:${scope}${type.length}:${type}${value}`

const byNumber = (a: StandingDecision, b: StandingDecision): number => a.number - b.number

export class DecisionIndex {
  readonly #byId = new Map<string, StandingDecision>()
  readonly #groups = new Map<string, Array<StandingDecision>>()
  readonly #prefixes = new PrefixTable<Set<StandingDecision>>()
  /** In the order of `changed`; what changed again or was removed stays behind until the next {@link compact}. */
  #changes: Array<{ readonly position: number; readonly decision: StandingDecision }> = []

  constructor(decisions: Iterable<StandingDecision> = []) {
    for (const decision of decisions) this.#insert(decision)
    this.compact()
  }

  get size(): number {
    return this.#byId.size
  }

  get(id: string): StandingDecision | undefined {
    return this.#byId.get(id)
  }

  /** All decisions, in the order in which they were added. */
  all(): Iterable<StandingDecision> {
    return this.#byId.values()
  }

  /** The decisions with the same scope, type and value, all such groups. */
  groups(): Iterable<ReadonlyArray<StandingDecision>> {
    return this.#groups.values()
  }

  group(decision: StandingDecision): ReadonlyArray<StandingDecision> {
    return this.#groups.get(groupKey(decision)) ?? []
  }

  #insert(decision: StandingDecision): void {
    this.#byId.set(decision.id, decision)
    const key = groupKey(decision)
    const group = this.#groups.get(key)
    if (group === undefined) this.#groups.set(key, [decision])
    else group.push(decision)
    const prefix = prefixFor(decision.scope, decision.value)
    if (prefix === undefined) return
    const known = this.#prefixes.get(prefix)
    if (known === undefined) this.#prefixes.add(prefix, new Set([decision]))
    else known.add(decision)
  }

  add(decision: StandingDecision): void {
    this.#insert(decision)
    this.#changes.push({ position: decision.changed, decision })
  }

  /** Notes that a decision changed at a position, which is beyond all earlier ones. */
  touch(decision: StandingDecision, position: number): void {
    decision.changed = position
    this.#changes.push({ position, decision })
  }

  remove(decision: StandingDecision): void {
    this.#byId.delete(decision.id)
    const key = groupKey(decision)
    const left = (this.#groups.get(key) ?? []).filter(({ id }) => id !== decision.id)
    if (left.length === 0) this.#groups.delete(key)
    else this.#groups.set(key, left)
    const prefix = prefixFor(decision.scope, decision.value)
    if (prefix === undefined) return
    const known = this.#prefixes.get(prefix)
    known?.delete(decision)
    if (known?.size === 0) this.#prefixes.remove(prefix)
  }

  /** Forgets changes that later ones or removals made void. */
  compact(): void {
    this.#changes = [...this.#byId.values()]
      .map((decision) => ({ position: decision.changed, decision }))
      .sort((a, b) => a.position - b.position)
  }

  /** The groups of which a decision changed after a position (exclusive). */
  touchedSince(position: number): ReadonlyArray<ReadonlyArray<StandingDecision>> {
    const groups = new Set<ReadonlyArray<StandingDecision>>()
    for (let index = this.#changes.length - 1; index >= 0; index -= 1) {
      const change = this.#changes[index]!
      if (change.position <= position) break
      const group = this.#groups.get(groupKey(change.decision))
      if (group !== undefined) groups.add(group)
    }
    return [...groups]
  }

  /** Decisions about a range or address, or about a range that contains it, by number. */
  containing(prefix: Prefix): ReadonlyArray<StandingDecision> {
    return this.#prefixes
      .matches(prefix)
      .flatMap((decisions) => [...decisions])
      .sort(byNumber)
  }

  /** Decisions about what lies within a range, itself included, by number. Looks at all ranges and addresses. */
  inside(prefix: Prefix): ReadonlyArray<StandingDecision> {
    const found: Array<StandingDecision> = []
    for (const [each, decisions] of this.#prefixes.entries())
      if (prefixContainsPrefix(prefix, each)) found.push(...decisions)
    return found.sort(byNumber)
  }

  /** As {@link containing}, for an address or range as text; none for other text. */
  covering(value: string): ReadonlyArray<StandingDecision> {
    const prefix = parsePrefix(value)
    return prefix === undefined ? [] : this.containing(prefix)
  }

  /** Decisions whose range has a relation to a given one; all without one. */
  about(range: RangeRelation | undefined): Iterable<StandingDecision> {
    if (range === undefined) return this.#byId.values()
    return range.relation === "containing" ? this.containing(range.value) : this.inside(range.value)
  }

  /** The groups of these decisions. */
  groupsAbout(range: RangeRelation | undefined): Iterable<ReadonlyArray<StandingDecision>> {
    if (range === undefined) return this.#groups.values()
    return new Set([...this.about(range)].map((decision) => this.group(decision)))
  }
}
