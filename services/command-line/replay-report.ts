/** What a replay found, as a fold over the verdicts in the log: a resumed replay reports the same as an undisturbed one. */
import { canonicalScope, canonicalValue } from "../../domain/decision/scope.ts"
import { DecisionMade } from "../../domain/events/decision.ts"
import type { ProposedEvent } from "../../domain/events/event.ts"
import { OverflowRaised, placedEntries } from "../../domain/events/overflow.ts"

export interface ReportedOffender {
  readonly scope: string
  readonly value: string
  /** Names of the scenarios that ran over, sorted. */
  readonly scenarios: ReadonlyArray<string>
  /** The decision that holds longest, or null when none was made. */
  readonly decision: {
    readonly type: string
    readonly duration: string
    readonly from: string
    readonly until: string
  } | null
  /** How many different log lines its overflows rest on. */
  readonly lines: number
}

interface Offender {
  readonly scope: string
  readonly value: string
  readonly scenarios: Set<string>
  /** Which lines: see `#lineOf`. */
  readonly lines: Set<number>
  decision: ReportedOffender["decision"]
}

/** More lines than a batch may have. */
const mostLines = 2 ** 20

export class ReplayReport {
  overflows = 0
  decisions = 0
  readonly #offenders = new Map<string, Offender>()
  /** Batches by id, numbered. */
  readonly #batches = new Map<string, number>()

  /** Event types that the report folds. */
  static readonly types = [OverflowRaised.type, DecisionMade.type]

  fold(event: ProposedEvent): void {
    if (OverflowRaised.is(event)) {
      this.overflows += 1
      const offender = this.#offender(event.data.source)
      offender.scenarios.add(event.data.scenario.name)
      for (const { event: batch, line, text } of placedEntries(event.data.evidence)) {
        // An overflow that was poured again is no line of its own: its lines count with it.
        if (text !== "") offender.lines.add(this.#lineOf(batch, line))
      }
    } else if (DecisionMade.is(event)) {
      this.decisions += 1
      const { type, duration, from, until } = event.data
      const offender = this.#offender(event.data)
      if (offender.decision === null || Date.parse(until) > Date.parse(offender.decision.until)) {
        offender.decision = { type, duration, from, until }
      }
    }
  }

  /** Sorted by scope and value, in code point order: the same on every machine. */
  get offenders(): ReadonlyArray<ReportedOffender> {
    return [...this.#offenders.entries()]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([, { scope, value, scenarios, decision, lines }]) => ({
        scope,
        value,
        scenarios: [...scenarios].sort(),
        decision,
        lines: lines.size
      }))
  }

  /** A number for a line of the log: cheaper to remember than a text. */
  #lineOf(batch: string, line: number): number {
    let number = this.#batches.get(batch)
    if (number === undefined) {
      number = this.#batches.size
      this.#batches.set(batch, number)
    }
    return number * mostLines + line
  }

  /** An overflow names a range or an address as its scenario wrote it, and a decision in its canonical text. */
  #offender(named: { readonly scope: string; readonly value: string }): Offender {
    const scope = canonicalScope(named.scope)
    const canonical = canonicalValue(scope, named.value)
    const value = "problem" in canonical ? named.value : canonical.value
    const key = `${scope}\0${value}`
    let offender = this.#offenders.get(key)
    if (offender === undefined) {
      offender = { scope, value, scenarios: new Set(), lines: new Set(), decision: null }
      this.#offenders.set(key, offender)
    }
    return offender
  }
}
