/**
 * Which scenarios or nodes an event concerns at all. Nearly every filter begins with comparisons of fields that have few values
 * (`evt.Meta.log_type == '…'`): their results are kept by value, as a tree of the values met. Of those that
 * remain, most need one of some texts in a field: one search finds which are there. Only filters of which it is certain
 * that they give false, and do nothing else, are passed over; the order stays.
 */
import { type EventField, sameField } from "../event/event-field.ts"
import { type FieldSearch, LiteralSearch } from "./literal-search.ts"
import type { PipelineEvent } from "../event/pipeline-event.ts"
import type { Guard, Precondition } from "./precondition.ts"

/** A scenario, or a node of a parser. */
interface Filtered {
  /** What must be so for its filter to hold. */
  readonly precondition: Precondition
}

/** One that an event may concern. */
export interface Candidate<Rule> {
  readonly rule: Rule
  /** Place in the order of the rules. */
  readonly place: number
  /** The filter holds: it need not be evaluated. */
  readonly holds: boolean
}

/** Values of one field that are told apart; a field with more is not asked any more. */
const mostValues = 32
/** Combinations of values that are remembered; whoever writes the log must not fill the memory with new ones. */
const mostBranches = 512
const longestValue = 128

interface Branch<Rule> {
  /** What is asked next; undefined: everything is known, and `leaf` tells what remains. */
  readonly field: EventField | undefined
  readonly children: Map<string, Branch<Rule>>
  readonly candidates: ReadonlyArray<Undecided<Rule>>
  readonly leaf: Leaf<Rule> | undefined
  /** The child that was asked for last, and by which value: mostly the next event has the same. */
  lastValue: string | undefined
  lastChild: Branch<Rule> | undefined
}

/** A rule with the guards that were not asked yet. */
interface Undecided<Rule> {
  readonly rule: Rule
  readonly place: number
  readonly guards: ReadonlyArray<Guard>
}

interface Leaf<Rule> {
  readonly candidates: ReadonlyArray<Candidate<Rule>>
  /** Those that need no literal. */
  readonly always: ReadonlyArray<Candidate<Rule>>
  readonly searches: ReadonlyArray<FieldSearch>
  /** The others, by their place, and the bits of those places. */
  readonly searched: ReadonlyArray<Candidate<Rule> | undefined>
  readonly mask: Uint32Array
}

/** Those behind this place. */
export const after = <Rule>(
  place: number,
  candidates: ReadonlyArray<Candidate<Rule>>
): ReadonlyArray<Candidate<Rule>> => candidates.filter((candidate) => candidate.place > place)

export class Candidates<Rule extends Filtered> {
  readonly #shortcuts: boolean
  readonly #all: ReadonlyArray<Candidate<Rule>>
  /** What was met of each field that is asked. */
  readonly #values: Array<{ readonly field: EventField; readonly met: Set<string> }> = []
  /** Fields with too many values. */
  readonly #unguarded: Array<EventField> = []
  #search: LiteralSearch
  #root: Branch<Rule>
  #branches = 0

  /** `shortcuts` false: every event concerns every rule. */
  constructor(rules: ReadonlyArray<Rule>, shortcuts = true) {
    this.#shortcuts = shortcuts
    this.#all = rules.map((rule, place) => ({ rule, place, holds: false }))
    this.#search = this.#newSearch()
    this.#root = this.#newRoot()
  }

  /** The fields that are asked. */
  get fields(): ReadonlyArray<EventField> {
    return this.#all.flatMap(({ rule }) => rule.precondition.guards.map(({ field }) => field))
  }

  /** In the order of the rules. The answer is good until the event is written to, or until the next question. */
  of(event: PipelineEvent): ReadonlyArray<Candidate<Rule>> {
    if (!this.#shortcuts) return this.#all
    let branch = this.#root
    while (branch.field !== undefined) {
      const value = branch.field.place.read(event)
      if (value === branch.lastValue) {
        branch = branch.lastChild!
        continue
      }
      const child = branch.children.get(value)
      if (child === undefined) {
        branch = this.#grow(branch, branch.field, value, event)
        continue
      }
      branch.lastValue = value
      branch.lastChild = child
      branch = child
    }
    const { candidates, always, searches, searched, mask } = branch.leaf!
    if (searches.length === 0) return candidates
    const bits = this.#search.look(event, searches)
    let found: Array<Candidate<Rule>> | undefined
    let next = 0
    for (let word = 0; word < mask.length; word++) {
      for (let left = bits[word]! & mask[word]!; left !== 0; left &= left - 1) {
        const candidate = searched[word * 32 + 31 - Math.clz32(left & -left)]!
        found ??= []
        while (next < always.length && always[next]!.place < candidate.place) found.push(always[next++]!)
        found.push(candidate)
      }
    }
    if (found === undefined) return always
    while (next < always.length) found.push(always[next++]!)
    return found
  }

  /** The branch for a value that was not met before. */
  #grow(branch: Branch<Rule>, field: EventField, value: string, event: PipelineEvent): Branch<Rule> {
    const scope = { evt: event }
    const passes = (guards: ReadonlyArray<Guard>) =>
      guards.every((guard) => !sameField(guard.field, field) || guard.holds(scope) === true)
    const child = this.#branch(
      branch.candidates.flatMap(({ guards, ...candidate }) =>
        passes(guards) ? [{ ...candidate, guards: guards.filter((guard) => !sameField(guard.field, field)) }] : []
      )
    )
    const met = this.#met(field)
    met.add(value.slice(0, longestValue))
    if (met.size > mostValues) this.#unguard(field)
    else if (this.#branches >= mostBranches) this.#unguard(this.#mostVaried())
    else if (value.length <= longestValue) branch.children.set(value, child)
    return child
  }

  #met(field: EventField): Set<string> {
    const known = this.#values.find((each) => sameField(each.field, field))
    if (known !== undefined) return known.met
    const met = new Set<string>()
    this.#values.push({ field, met })
    return met
  }

  #mostVaried(): EventField {
    return this.#values.reduce((most, each) => (each.met.size > most.met.size ? each : most)).field
  }

  /** Asks this field no more: what is compared with it is searched for instead. */
  #unguard(field: EventField): void {
    this.#unguarded.push(field)
    this.#values.splice(0)
    this.#search = this.#newSearch(this.#search)
    this.#root = this.#newRoot()
  }

  #isGuarded(field: EventField): boolean {
    return !this.#unguarded.some((each) => sameField(each, field))
  }

  #newSearch(former?: LiteralSearch): LiteralSearch {
    const needed = ({ precondition: { literals, guards } }: Rule) =>
      literals ?? guards.find(({ field, literals }) => literals !== undefined && !this.#isGuarded(field))?.literals
    return new LiteralSearch(
      this.#all.map(({ rule }) => needed(rule)),
      former
    )
  }

  #newRoot(): Branch<Rule> {
    this.#branches = 0
    return this.#branch(this.#all.map(({ rule, place }) => ({ rule, place, guards: rule.precondition.guards })))
  }

  #branch(candidates: ReadonlyArray<Undecided<Rule>>): Branch<Rule> {
    this.#branches += 1
    const field = this.#mostAsked(candidates)
    const leaf = field === undefined ? this.#leaf(candidates) : undefined
    return { field, candidates, children: new Map(), leaf, lastValue: undefined, lastChild: undefined }
  }

  /** The field that most of the guards look at. */
  #mostAsked(candidates: ReadonlyArray<Undecided<Rule>>): EventField | undefined {
    const counts: Array<{ readonly field: EventField; count: number }> = []
    for (const { guards } of candidates) {
      for (const { field } of guards) {
        if (!this.#isGuarded(field)) continue
        const known = counts.find((each) => sameField(each.field, field))
        if (known === undefined) counts.push({ field, count: 1 })
        else known.count += 1
      }
    }
    return counts.reduce<(typeof counts)[number] | undefined>(
      (most, each) => (most === undefined || each.count > most.count ? each : most),
      undefined
    )?.field
  }

  #leaf(undecided: ReadonlyArray<Undecided<Rule>>): Leaf<Rule> {
    const candidates = undecided.map(
      ({ rule, place, guards }): Candidate<Rule> => ({
        rule,
        place,
        holds: rule.precondition.isGuards && guards.length === 0
      })
    )
    const always = candidates.filter(({ place, holds }) => holds || !this.#search.decides(place))
    const rest = new Set(candidates)
    for (const candidate of always) rest.delete(candidate)
    const searched = new Array<Candidate<Rule> | undefined>(this.#all.length).fill(undefined)
    for (const candidate of rest) searched[candidate.place] = candidate
    const places = Array.from(rest, ({ place }) => place)
    return {
      candidates,
      always,
      searches: this.#search.searchesFor(places),
      searched,
      mask: bitsOf(places, this.#all.length)
    }
  }
}

const bitsOf = (places: ReadonlyArray<number>, length: number): Uint32Array => {
  const bits = new Uint32Array(Math.ceil(length / 32))
  for (const place of places) bits[place >>> 5]! |= 1 << (place & 31)
  return bits
}
