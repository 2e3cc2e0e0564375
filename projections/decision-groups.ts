/** Decisions by what they are about and what they order: those with the same scope, type and value are a group. */
import type { StandingDecision } from "./standing-decision.ts"

export type Group = ReadonlyArray<StandingDecision>

const opened = <K, V>(of: Map<string, Map<K, V>>, key: string): Map<K, V> => {
  const map = new Map<K, V>()
  of.set(key, map)
  return map
}

/** A Map for each scope, in it one for each type: there are few, and no text has to be made of the three to look one up. */
export class DecisionGroups implements Iterable<Group> {
  readonly #scopes = new Map<string, Map<string, Map<string, Array<StandingDecision>>>>()

  /** The group that the decision belongs to, whether it is in it or not. */
  of({ scope, type, value }: StandingDecision): Group | undefined {
    return this.#scopes.get(scope)?.get(type)?.get(value)
  }

  *[Symbol.iterator](): Iterator<Group> {
    for (const types of this.#scopes.values()) for (const values of types.values()) yield* values.values()
  }

  /** The group, if the decision is the first one in it. */
  add(decision: StandingDecision): Group | undefined {
    const { scope, type, value } = decision
    const types = this.#scopes.get(scope) ?? opened(this.#scopes, scope)
    const values = types.get(type) ?? opened(types, type)
    const known = values.get(value)
    if (known !== undefined) {
      known.push(decision)
      return undefined
    }
    const group = [decision]
    values.set(value, group)
    return group
  }

  /**
   * Takes these out, and tells the groups that are empty then, each with one that was in it. There is one look at a
   * group, however many of it go.
   */
  remove(decisions: ReadonlySet<StandingDecision>): ReadonlyArray<readonly [Group, StandingDecision]> {
    const concerned = new Map<Array<StandingDecision>, StandingDecision>()
    for (const decision of decisions) {
      const { scope, type, value } = decision
      const group = this.#scopes.get(scope)?.get(type)?.get(value)
      if (group !== undefined) concerned.set(group, decision)
    }
    const closed: Array<readonly [Group, StandingDecision]> = []
    for (const [group, one] of concerned) {
      let left = 0
      for (const decision of group) if (!decisions.has(decision)) group[left++] = decision
      group.length = left
      if (left > 0) continue
      closed.push([group, one])
      const { scope, type, value } = one
      const types = this.#scopes.get(scope)!
      const values = types.get(type)!
      values.delete(value)
      if (values.size === 0) types.delete(type)
      if (types.size === 0) this.#scopes.delete(scope)
    }
    return closed
  }
}
