/**
 * Which scenarios an event concerns at all. Nearly every filter begins with comparisons of fields that have few values
 * (`evt.Meta.log_type == '…'`): their results are kept by value, as a tree of the values met. Of the scenarios that
 * remain, most need one of some texts in a field: one search finds which are there. Only filters of which it is certain
 * that they give false, and do nothing else, are passed over; the order stays.
 */
import { type FieldSearch, LiteralSearch } from "./literal-search.ts"
import type { PipelineEvent } from "./pipeline-event.ts"
import { type EventField, type Guard, sameField } from "./precondition.ts"
import type { Scenario } from "./scenario.ts"

/** One scenario that an event may concern. */
export interface Candidate {
  readonly scenario: Scenario
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

interface Branch {
  /** What is asked next; undefined: everything is known, and `leaf` tells what remains. */
  readonly field: EventField | undefined
  readonly children: Map<string, Branch>
  readonly candidates: ReadonlyArray<Undecided>
  readonly leaf: Leaf | undefined
}

/** A scenario with the guards that were not asked yet. */
interface Undecided {
  readonly scenario: Scenario
  readonly place: number
  readonly guards: ReadonlyArray<Guard>
}

interface Leaf {
  readonly candidates: ReadonlyArray<Candidate>
  /** Those that need no literal. */
  readonly always: ReadonlyArray<Candidate>
  readonly searches: ReadonlyArray<FieldSearch>
}

export class Candidates {
  readonly #shortcuts: boolean
  readonly #all: ReadonlyArray<Candidate>
  /** What was met of each field that is asked. */
  readonly #values: Array<{ readonly field: EventField; readonly met: Set<string> }> = []
  /** Fields with too many values. */
  readonly #unguarded: Array<EventField> = []
  #search: LiteralSearch
  #root: Branch
  #branches = 0

  /** `shortcuts` false: every event concerns every scenario. */
  constructor(scenarios: ReadonlyArray<Scenario>, shortcuts = true) {
    this.#shortcuts = shortcuts
    this.#all = scenarios.map((scenario, place) => ({ scenario, place, holds: false }))
    this.#search = this.#newSearch()
    this.#root = this.#newRoot()
  }

  /** In the order of the rules. The answer is good until the event is written to, or until the next question. */
  of(event: PipelineEvent): ReadonlyArray<Candidate> {
    if (!this.#shortcuts) return this.#all
    let branch = this.#root
    while (branch.field !== undefined) {
      const { map, key } = branch.field
      const value = event[map].get(key) ?? ""
      branch = branch.children.get(value) ?? this.#grow(branch, branch.field, value, event)
    }
    const { candidates, always, searches } = branch.leaf!
    if (searches.length === 0) return candidates
    const search = this.#search
    const seen = search.look(event, searches)
    if (seen === "none") return always
    if (seen === "all") return candidates
    const found: Array<Candidate> = []
    for (let i = 0; i < candidates.length; i++) {
      const candidate = candidates[i]!
      if (candidate.holds || !search.decides(candidate.place) || search.found(candidate.place)) found.push(candidate)
    }
    return found
  }

  /** The branch for a value that was not met before. */
  #grow(branch: Branch, field: EventField, value: string, event: PipelineEvent): Branch {
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
    this.#search = this.#newSearch()
    this.#root = this.#newRoot()
  }

  #isGuarded(field: EventField): boolean {
    return !this.#unguarded.some((each) => sameField(each, field))
  }

  #newSearch(): LiteralSearch {
    const needed = ({ precondition: { literals, guards } }: Scenario) =>
      literals ?? guards.find(({ field, literals }) => literals !== undefined && !this.#isGuarded(field))?.literals
    return new LiteralSearch(this.#all.map(({ scenario }) => needed(scenario)))
  }

  #newRoot(): Branch {
    this.#branches = 0
    return this.#branch(
      this.#all.map(({ scenario, place }) => ({ scenario, place, guards: scenario.precondition.guards }))
    )
  }

  #branch(candidates: ReadonlyArray<Undecided>): Branch {
    this.#branches += 1
    const field = this.#mostAsked(candidates)
    return { field, candidates, children: new Map(), leaf: field === undefined ? this.#leaf(candidates) : undefined }
  }

  /** The field that most of the guards look at. */
  #mostAsked(candidates: ReadonlyArray<Undecided>): EventField | undefined {
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

  #leaf(undecided: ReadonlyArray<Undecided>): Leaf {
    const candidates = undecided.map(
      ({ scenario, place, guards }): Candidate => ({
        scenario,
        place,
        holds: scenario.precondition.isGuards && guards.length === 0
      })
    )
    const always = candidates.filter(({ place, holds }) => holds || !this.#search.decides(place))
    const rest = new Set(candidates)
    for (const candidate of always) rest.delete(candidate)
    return { candidates, always, searches: this.#search.searchesFor(Array.from(rest, ({ place }) => place)) }
  }
}
