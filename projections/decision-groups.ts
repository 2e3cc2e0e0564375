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

  /** The group, if the decision was the last one in it. */
  remove(decision: StandingDecision): Group | undefined {
    const { scope, type, value } = decision
    const types = this.#scopes.get(scope)
    const values = types?.get(type)
    const group = values?.get(value)
    const at = group?.indexOf(decision) ?? -1
    if (types === undefined || values === undefined || group === undefined || at < 0) return undefined
    group.splice(at, 1)
    if (group.length > 0) return undefined
    values.delete(value)
    if (values.size === 0) types.delete(type)
    if (types.size === 0) this.#scopes.delete(scope)
    return group
  }
}
