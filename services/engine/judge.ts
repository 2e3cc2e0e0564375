/**
 * From log events to verdicts: the fold that the node is built around.
 *
 * It takes the log's events in global order and says which events they call for: overflows and the decisions that
 * answer them. It reads no clock and does no I/O, so the same log gives the same verdicts, whenever it is read.
 */
import type { Allowlist } from "../../domain/events/allowlist.ts"
import type { TestudoEvent } from "../../domain/events/catalogue.ts"
import type { ProposedEvent } from "../../domain/events/event.ts"
import { OverflowRaised } from "../../domain/events/overflow.ts"
import { offenderStream } from "../../domain/events/stream-name.ts"
import { Allowlists } from "../../domain/decision/allowlist.ts"
import { DecisionHistory, type DecisionHistorySnapshot } from "../../domain/decision/decision-history.ts"
import { decide } from "../../domain/decision/decide.ts"
import type { Engine, GeoLookup, Outcome } from "../../domain/detection/engine.ts"
import { KnownIds } from "../../projections/known-ids.ts"
import { decodeLines } from "../acquisition/body.ts"
import type { Rules } from "./rulebook.ts"

/** One overflow with its decisions, which have no numbers yet: appended together, to its offender's stream. */
export interface Verdict {
  readonly stream: string
  readonly events: ReadonlyArray<ProposedEvent>
}

export interface Judgement {
  readonly verdicts: ReadonlyArray<Verdict>
  /** Addresses whose names, and host names whose addresses, the postoverflows wait for. */
  readonly namesWanted: ReadonlyArray<string>
}

/** How far the log was judged by somebody who knew more of it. */
export interface JudgedBefore {
  /** Not behind this position. */
  readonly until: number
  /** The event that the last overflow came of: what was before it is judged. */
  readonly cause: string | undefined
}

const nothing: Judgement = { verdicts: [], namesWanted: [] }

export class Judge {
  readonly engine: Engine
  readonly #known: Set<string>
  #forgottenUntil: number | undefined
  #judgedBefore: JudgedBefore | undefined
  readonly #poured: KnownIds
  readonly #history: DecisionHistory
  #allowlists: Allowlists
  #rules: Rules

  constructor(options: {
    readonly rules: Rules
    /** Ids of overflows that the log already holds beyond the place where this fold begins: not proposed again. */
    readonly known: Set<string>
    /**
     * Overflows that were recorded up to this time (milliseconds since 1970) and are not among the known ones, the log
     * has forgotten: they do not come back. Default: it has forgotten none.
     */
    readonly forgottenUntil?: number | undefined
    /**
     * Lines of one offender were erased from this stretch of the log since it was judged. Without them buckets run over
     * at other lines: what is not known of it is no verdict, and nobody else is to be banned by it.
     */
    readonly judgedBefore?: JudgedBefore | undefined
    readonly allowlists: ReadonlyArray<Allowlist>
    /** Ids of the last overflows of other nodes that were poured again. */
    readonly poured: ReadonlyArray<string>
    /** The decisions that were made before. */
    readonly decisions: DecisionHistorySnapshot
    /** Makes the engine, new or from a snapshot. */
    readonly engine: (geo: GeoLookup) => Engine
  }) {
    this.#rules = options.rules
    this.#known = options.known
    this.#forgottenUntil = options.forgottenUntil
    this.#judgedBefore = options.judgedBefore
    this.#poured = new KnownIds(options.poured)
    this.#allowlists = Allowlists.of(options.allowlists)
    this.engine = options.engine(this.#rules.geo)
    this.#history = new DecisionHistory(options.decisions)
  }

  /** Judges by these rules from here on. */
  use(rules: Rules): void {
    if (rules.hash === this.#rules.hash) return
    this.engine.activate(rules.ruleset, rules.geo)
    this.#rules = rules
  }

  get rules(): Rules {
    return this.#rules
  }

  get allowlists(): ReadonlyArray<Allowlist> {
    return [...this.#allowlists.lists.values()]
  }

  get poured(): ReadonlyArray<string> {
    return [...this.#poured]
  }

  get decisions(): DecisionHistorySnapshot {
    return this.#history.snapshot()
  }

  /** The fold has passed all that may have led to the overflows that the log held when it began. */
  forgetKnown(): void {
    this.#known.clear()
    this.#forgottenUntil = undefined
    this.#judgedBefore = undefined
  }

  judge(event: TestudoEvent): Judgement {
    const before = this.#judgedBefore
    if (before !== undefined && (event.position > before.until || event.id === before.cause))
      this.#judgedBefore = undefined
    switch (event.type) {
      case "LogBatchAppended":
        return this.#verdicts(event, this.engine.pour(event, decodeLines(event.data)))
      case "OverflowRaised":
        // A writer that lost its place may have written it twice.
        return this.#poured.learn(event.id) ? this.#verdicts(event, this.engine.pourAgain(event)) : nothing
      case "NameResolved":
      case "HostResolved":
        return this.#verdicts(event, this.engine.resolve(event))
      case "TimePassed":
        return this.#verdicts(event, this.engine.pass(event))
      case "AllowlistReplaced":
        this.#allowlists = this.#allowlists.replaced(event.data)
        return nothing
      case "DecisionMade":
        // Its own it knows since it made them; this one a person made, or another node.
        this.#history.add(event.id, event.data)
        return nothing
      case "DecisionRetracted":
        this.#history.retract(event.data)
        return nothing
      default:
        return nothing
    }
  }

  #verdicts({ recordedAt }: TestudoEvent, outcomes: ReadonlyArray<Outcome>): Judgement {
    if (outcomes.length === 0) return nothing
    const isForgotten = this.#forgottenUntil !== undefined && recordedAt <= this.#forgottenUntil
    const verdicts: Array<Verdict> = []
    const namesWanted: Array<string> = []
    for (const outcome of outcomes) {
      if (outcome._tag === "NameWanted") namesWanted.push(outcome.question)
      else {
        const known = this.#known.delete(outcome.id)
        if (!known && this.#judgedBefore !== undefined) continue
        const verdict = this.#verdict(outcome)
        if (!known && !isForgotten) verdicts.push(verdict)
      }
    }
    return { verdicts, namesWanted }
  }

  #verdict(outcome: Extract<Outcome, { _tag: "Overflow" }>): Verdict {
    const { id, overflow, at } = outcome
    const raised = OverflowRaised.propose(id, overflow, {
      causation: outcome.causation,
      correlation: outcome.correlation
    })
    const decisions = decide({
      overflowId: id,
      overflow,
      correlation: outcome.correlation,
      profiles: this.#rules.profiles,
      allowlists: this.#allowlists,
      view: this.#viewAt(at)
    })
    for (const decision of decisions) this.#history.add(decision.id, decision.data)
    return { stream: offenderStream(overflow.source.scope, overflow.source.value), events: [raised, ...decisions] }
  }

  /** What profiles see at a detection time, in milliseconds since 1970. */
  #viewAt(at: number) {
    const { world } = this.#rules.ruleset
    world.enter(this.engine.world, at * 1000)
    return { decisions: this.#history.at(at), stashes: world.stashes, geo: world.geo }
  }
}
