/** A scenario's document, compiled. Its buckets live in the engine, under its identity. */
import { sha256 } from "@noble/hashes/sha2.js"
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js"
import { sha1 } from "js-sha1"
import { bucketEnvironment, overflowEnvironment } from "../../expression/environment/bucket.ts"
import { eventEnvironment } from "../../expression/environment/event.ts"
import type { Environment } from "../../expression/environment.ts"
import type { ExpectedKind, Expression } from "../../expression/expression.ts"
import { isAny, nameOf, type Type } from "../../expression/type.ts"
import { inKey, type Located } from "../../document/report.ts"
import { ruleCodes } from "../../rules/rule-code.ts"
import type { ScenarioRule } from "../../rules/rule.ts"
import type { Compiler, Grouping } from "../compiler.ts"
import { leakRate, Limiter } from "./limiter.ts"
import { noPrecondition, type Precondition } from "../filter/precondition.ts"
import { asksForWhole, entriesIn, type Entry } from "../event/recalled.ts"

type Evaluate = (scope: object) => unknown

export interface BayesianCondition {
  readonly evaluate: Evaluate
  readonly evil: number
  readonly benign: number
  readonly guillotine: boolean
}

export class Scenario {
  readonly rule: ScenarioRule
  /** Among all scenarios. */
  readonly place: number
  /** Stays the same as long as the document says the same, wherever it stands: its buckets outlive a change of rules. */
  readonly identity: string
  /** Scenarios with the same home share their buckets. */
  readonly home: string
  readonly filter: Evaluate
  /** What must be so for the filter to hold. */
  readonly precondition: Precondition
  readonly groupBy: Grouping | undefined
  readonly distinct: Evaluate | undefined
  readonly cancelOn: Evaluate | undefined
  readonly overflowFilter: Evaluate | undefined
  readonly condition: Evaluate | undefined
  readonly scope: Evaluate | undefined
  /** What is asked of the events of its buckets, if anything. */
  readonly recalls: ReadonlyArray<Entry> | undefined
  readonly bayesian:
    | { readonly prior: number; readonly threshold: number; readonly conditions: ReadonlyArray<BayesianCondition> }
    | undefined
  readonly limiter: Limiter
  /** Microseconds that a bucket lives after its last event, or, when it is timed, after its first. */
  readonly lifetime: number
  /** The rule has a `duration`: a bucket runs over when its lifetime is over, however full it is. */
  readonly timed: boolean
  /** Microseconds for which further overflows of a bucket's key are swallowed. */
  readonly blackhole: number
  /** Its expressions may write to `evt.Unmarshaled`: an event that was poured is then not what its line parses to. */
  readonly writes: boolean
  /** What it asks of an event may write to it. */
  readonly edits: boolean
  /** What it asks of a bucket may write to events of the past. */
  readonly editsQueued: boolean
  /** Nothing is asked of its alerts before they are told, and they name the same offender a few lines later. */
  readonly alertsWait: boolean
  /** Its expressions ask for events of the past in whole: they are kept, since parsing all of them again takes too long. */
  readonly looksBack: boolean

  constructor(rule: ScenarioRule, place: number, compiler: Compiler) {
    this.rule = rule
    this.place = place
    this.identity = identityOf(rule)
    this.home = JSON.stringify([rule.filter.text, rule.name])
    let writes = false
    let looksBack = false
    let edits = false
    let editsQueued = false
    const recalls: Array<Entry> = []
    const check = (at: Located, environment: Environment, expect: ExpectedKind): Expression | undefined => {
      const expression = compiler.checked(at, environment, expect)
      if (expression?.effect === "writes") {
        if (at.text.includes("Unmarshaled")) writes = true
        if (environment === eventEnvironment) edits = true
        else editsQueued = true
      }
      const asksQueued = environment !== eventEnvironment || at === rule.scope.expression
      if (expression !== undefined && asksQueued) {
        recalls.push(...entriesIn(expression.tree))
        looksBack ||= asksForWhole(expression.tree)
      }
      return expression
    }
    const compile = (at: Located, environment: Environment, expect: ExpectedKind): Evaluate =>
      check(at, environment, expect)?.evaluate ?? nothing
    const event = (at: Located | undefined, expect: ExpectedKind) => at && compile(at, eventEnvironment, expect)
    /** What is no text counts as an empty one, as in CrowdSec. */
    const text = (at: Located | undefined) => {
      const expression = at && check(at, eventEnvironment, "any")
      if (at !== undefined && expression !== undefined && !mayBeText(expression.type)) {
        const message = `${inKey(at)}the result is ${nameOf(expression.type)}, and what is no text counts as an empty one; write string(…)`
        compiler.warning(ruleCodes.doubtful, at, message)
      }
      return at && { evaluate: expression?.evaluate ?? nothing, isPure: expression?.pure === true }
    }
    const filter = check(rule.filter, eventEnvironment, "bool")
    this.filter = filter?.evaluate ?? nothing
    this.precondition = filter === undefined ? noPrecondition : compiler.precondition(filter, eventEnvironment)
    const grouped = rule.groupBy && check(rule.groupBy, eventEnvironment, "string")
    this.groupBy = rule.groupBy && (grouped === undefined ? noGroup : compiler.grouping(rule.groupBy))
    this.distinct = text(rule.distinct)?.evaluate
    this.cancelOn = event(rule.cancelOn, "bool")
    const scope = text(rule.scope.expression)
    this.scope = scope?.evaluate
    this.alertsWait = rule.overflowFilter === undefined && scope?.isPure !== false
    this.overflowFilter = rule.overflowFilter && compile(rule.overflowFilter, overflowEnvironment, "bool")
    this.condition = rule.condition && compile(rule.condition, bucketEnvironment, "bool")
    this.bayesian = rule.bayesian && {
      prior: rule.bayesian.prior,
      threshold: rule.bayesian.threshold,
      conditions: rule.bayesian.conditions.map(({ condition, probGivenEvil, probGivenBenign, guillotine }) => ({
        evaluate: compile(condition, bucketEnvironment, "bool"),
        evil: probGivenEvil,
        benign: probGivenBenign,
        guillotine
      }))
    }
    this.writes = writes
    this.edits = edits
    this.editsQueued = editsQueued
    this.looksBack = looksBack
    this.recalls = recalls.length > 0 && compiler.world.shortcuts ? recalls : undefined
    this.limiter = new Limiter(leakRate(rule.leakspeedNs), rule.capacity)
    this.lifetime = Number(lifetimeNs(rule)) / 1000
    this.timed = rule.durationNs > 0n && rule.type !== "trigger"
    this.blackhole = Number(rule.blackholeNs) / 1000
  }

  /** Key of the bucket of a group, as CrowdSec makes it. */
  keyOf(group: string): string {
    return sha1(`${this.rule.filter.text}\0${group}\0${this.rule.name}`.toWellFormed())
  }
}

/** A broken expression; its scenario is left out. */
const nothing: Evaluate = () => undefined
const noGroup: Grouping = () => undefined

const mayBeText = (type: Type): boolean => isAny(type) || type.kind === "string"

const lifetimeNs = ({ type, capacity, leakspeedNs, durationNs }: ScenarioRule): bigint => {
  if (type === "conditional" || type === "bayesian") return leakspeedNs
  if (durationNs > 0n) return durationNs
  return type === "leaky" ? BigInt(capacity + 1) * leakspeedNs : 0n
}

const identityOf = ({ origin: _, ...document }: ScenarioRule): string => {
  // Where a text stands in its file does not matter to what it means.
  const text = JSON.stringify(document, (key, value: unknown) => {
    if (key === "line") return undefined
    return typeof value === "bigint" ? String(value) : value
  })
  return bytesToHex(sha256(utf8ToBytes(text)))
}
