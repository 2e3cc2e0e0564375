/**
 * The decisions of a state, found by id, by what they are about, by the addresses they cover, by when they changed and by
 * when they run out.
 */
import { prefixFor } from "../domain/decision/scope.ts"
import { parsePrefix, type Prefix, prefixContainsPrefix } from "../domain/net/prefix.ts"
import { PrefixTable } from "../domain/net/prefix-table.ts"
import { DecisionEnds } from "./decision-ends.ts"
import { DecisionGroups, type Group } from "./decision-groups.ts"
import { byNumber, type StandingDecision } from "./standing-decision.ts"

/** `containing`: decisions that cover the range; `inside`: those that the range covers. */
export interface RangeRelation {
  readonly value: Prefix
  readonly relation: "containing" | "inside"
}

export class DecisionIndex {
  readonly #byId = new Map<string, StandingDecision>()
  readonly #groups = new DecisionGroups()
  /** The groups about each address or range: one for each scope and type that occurs. */
  readonly #prefixes = new PrefixTable<ReadonlyArray<Group>>()
  /** In the order in which they changed; what changed again or was removed stays behind until the next {@link compact}. */
  #changes: Array<StandingDecision> = []
  readonly #ends = new DecisionEnds()

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
  groups(): Iterable<Group> {
    return this.#groups
  }

  group(decision: StandingDecision): Group {
    return this.#groups.of(decision) ?? []
  }

  #insert(decision: StandingDecision): void {
    this.#byId.set(decision.id, decision)
    this.#ends.add(decision)
    const opened = this.#groups.add(decision)
    const prefix = opened === undefined ? undefined : prefixFor(decision.scope, decision.value)
    if (opened === undefined || prefix === undefined) return
    const others = this.#prefixes.get(prefix)
    this.#prefixes.add(prefix, others === undefined ? [opened] : [...others, opened])
  }

  add(decision: StandingDecision): void {
    this.#insert(decision)
    this.#changes.push(decision)
  }

  /** Notes that a decision changed at a position, which is beyond all earlier ones. */
  touch(decision: StandingDecision, position: number): void {
    decision.changed = position
    this.#changes.push(decision)
  }

  /** Of all that go together: see {@link DecisionGroups.remove}. */
  remove(decisions: ReadonlySet<StandingDecision>): void {
    for (const decision of decisions) {
      this.#byId.delete(decision.id)
      this.#ends.remove(decision)
    }
    for (const [closed, { scope, value }] of this.#groups.remove(decisions)) {
      const prefix = prefixFor(scope, value)
      if (prefix === undefined) continue
      const left = this.#prefixes.get(prefix)?.filter((group) => group !== closed) ?? []
      if (left.length === 0) this.#prefixes.remove(prefix)
      else this.#prefixes.add(prefix, left)
    }
  }

  /** Forgets changes that later ones or removals made void. */
  compact(): void {
    this.#changes = [...this.#byId.values()].sort((a, b) => a.changed - b.changed)
  }

  /** The groups of which a decision changed after a position (exclusive). */
  touchedSince(position: number): ReadonlySet<Group> {
    const groups = new Set<Group>()
    for (let index = this.#changes.length - 1; index >= 0; index -= 1) {
      const decision = this.#changes[index]!
      if (decision.changed <= position) break // nothing before it changed later, unless it stands behind it again
      const group = this.#groups.of(decision)
      if (group !== undefined) groups.add(group)
    }
    return groups
  }

  /** The groups of which a decision ran out, or would have, later than `after` and not later than `upTo`. */
  *endedBetween(after: number, upTo: number): Iterable<Group> {
    for (const decision of this.#ends.between(after, upTo)) yield this.group(decision)
  }

  /** Decisions about a range or address, or about a range that contains it, by number. */
  containing(prefix: Prefix): ReadonlyArray<StandingDecision> {
    return this.#prefixes
      .matches(prefix)
      .flatMap((groups) => groups.flat())
      .sort(byNumber)
  }

  /** Decisions about what lies within a range, itself included, by number. Looks at all ranges and addresses. */
  inside(prefix: Prefix): ReadonlyArray<StandingDecision> {
    const found: Array<StandingDecision> = []
    for (const [each, groups] of this.#prefixes.entries())
      if (prefixContainsPrefix(prefix, each)) found.push(...groups.flat())
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
  groupsAbout(range: RangeRelation | undefined): Iterable<Group> {
    if (range === undefined) return this.#groups
    return new Set([...this.about(range)].map((decision) => this.group(decision)))
  }
}
