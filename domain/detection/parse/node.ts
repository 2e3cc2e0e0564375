/** One node of a parser, compiled. */
import type { Grok } from "../../grok/grok.ts"
import { inKey } from "../../document/report.ts"
import type { GrokRule, NodeRule, StashRule } from "../../rules/rule.ts"
import { longestReach } from "../../grok/reach.ts"
import type { Compiler } from "../compiler.ts"
import { fieldNames } from "../../text/fields.ts"
import type { EventField } from "../event/event-field.ts"
import { attempt, failed, type Pass } from "../pass.ts"
import { noFilter, type Precondition } from "../filter/precondition.ts"
import { applyStatics, compileStatics, type Statics, writesTo } from "./statics.ts"
import { staticText } from "../../expression/format.ts"
import { compileWhitelist, type Whitelist } from "./whitelist.ts"

export class Node {
  readonly name: string
  /** What must be so for its filter to hold. */
  readonly precondition: Precondition
  readonly #rule: NodeRule
  readonly #grokNames: ReadonlyArray<string>
  readonly #filter: ((pass: Pass) => boolean) | undefined
  readonly #whitelist: Whitelist | undefined
  readonly #grok: ((pass: Pass) => boolean) | undefined
  readonly #stashes: ReadonlyArray<(pass: Pass) => void>
  readonly #children: ReadonlyArray<Node>
  readonly #statics: Statics
  /** `onsuccess: next_stage` */
  readonly movesOn: boolean

  constructor(rule: NodeRule, compiler: Compiler) {
    this.name = rule.name
    this.#rule = rule
    const filter = rule.filter && compiler.condition(rule.filter)
    this.#filter = filter?.holds
    this.precondition = filter?.expression ? compiler.precondition(filter.expression, compiler.environment) : noFilter
    // Own patterns first: the grok, and those of the children, may refer to them.
    for (const { name, pattern } of rule.patternSyntax) compiler.define(name, pattern)
    this.#whitelist = rule.whitelist && compileWhitelist(rule.whitelist, compiler)
    const grok = rule.grok && compileGrok(rule.grok, rule.nodes.length > 0, compiler)
    this.#grok = grok?.match
    this.#grokNames = grok?.names ?? []
    this.#stashes = rule.stash.map((stash) => compileStash(stash, compiler))
    this.#children = rule.nodes.map((child) => new Node(child, compiler))
    this.#statics = compileStatics(rule.statics, compiler)
    this.movesOn = rule.onSuccess === "next_stage"
  }

  /** Whether it or a node in it may write this field of an event. */
  writes(field: Pick<EventField, "map" | "key">): boolean {
    const { grok, statics } = this.#rule
    return (
      (field.map === "Parsed" && this.#grokNames.includes(field.key)) ||
      [...statics, ...(grok?.statics ?? [])].some((each) => writesTo(each, field)) ||
      this.#children.some((child) => child.writes(field))
    )
  }

  /**
   * Whether the event is one of this node's. `holds`: the filter is known to hold. Throws `ParseAborted` or
   * `NameUnknown`.
   */
  process(pass: Pass, nextStage: (stage: string) => string, holds = false): boolean {
    if (!holds && this.#filter !== undefined && !this.#filter(pass)) return false
    const whitelisted = this.#whitelist?.(pass) ?? false
    const matched = this.#grok?.(pass) ?? false
    let state = matched || this.#grok === undefined
    const stashes = this.#stashes
    if (state) for (let i = 0; i < stashes.length; i++) stashes[i]!(pass)
    const children = this.#children
    for (let i = 0; i < children.length; i++) {
      if (children[i]!.process(pass, nextStage)) {
        state = true
        if (this.movesOn) break
      } else if (!matched) state = false
    }
    if (!state) return false
    if (whitelisted || this.#whitelist === undefined) applyStatics(this.#statics, pass)
    if (this.movesOn) pass.evt.Stage = nextStage(pass.evt.Stage)
    return true
  }
}

const compileGrok = (
  rule: GrokRule,
  hasNodes: boolean,
  compiler: Compiler
): { readonly names: ReadonlyArray<string>; readonly match: (pass: Pass) => boolean } => {
  const { kind, text } = rule.pattern
  const grok = compiler.grok(text, kind === "name" ? `%{${text.text}}` : text.text)
  if (grok?.names.length === 0) {
    const effect = hasNodes
      ? "never counts as a match, and the nodes below are asked of every line"
      : "never takes a line"
    const named = "name what is to be found, such as %{IP:source_ip} (a group (?P<name>…) does not count)"
    compiler.warning("TST-GROK-NAMELESS", text, `${inKey(text)}the pattern names nothing, so it ${effect}; ${named}`)
  }
  const input = compileInput(rule.input, compiler)
  const statics = compileStatics(rule.statics, compiler)
  const needed = grok && neededOf(grok, compiler)
  const match = (pass: Pass): boolean => {
    const subject = input(pass)
    if (subject === undefined) return false
    const text = subject.length > longestReach ? subject.slice(0, longestReach) : subject
    if (grok === undefined || !grok.matchInto(text, pass.evt.Parsed, pass.lean ? needed : undefined)) return false
    applyStatics(statics, pass)
    return true
  }
  return { names: grok?.names ?? [], match }
}

/** The captures that rules read, by their place among the names; undefined: all of them. */
const neededOf = ({ names }: Grok, { liveness }: Compiler): ReadonlyArray<number> | undefined =>
  liveness && names.flatMap((name, place) => (liveness.isRead("Parsed", name) ? [place] : []))

/** The text that a grok is applied to; undefined when there is none, and then nothing matches. */
const compileInput = (input: GrokRule["input"], compiler: Compiler): ((pass: Pass) => string | undefined) => {
  if (input.kind === "apply_on") {
    const { field } = input
    if (field === "Line.Raw") return ({ evt }) => evt.Line.Raw
    const slot = fieldNames.Parsed.slot(field)
    return ({ evt }) => evt.Parsed.at(slot)
  }
  const evaluate = compiler.expression(input.expression, compiler.environment, "any")
  return (pass) => {
    const value = attempt(evaluate, pass)
    if (typeof value === "string") return value
    return value === failed ? undefined : (staticText(value) ?? "")
  }
}

/** Key and value must be text, else nothing is kept. */
const compileStash = (rule: StashRule, compiler: Compiler): ((pass: Pass) => void) => {
  const key = compiler.expression(rule.key, compiler.environment, "any")
  const value = compiler.expression(rule.value, compiler.environment, "any")
  return (pass) => {
    const keyText = attempt(key, pass)
    const valueText = attempt(value, pass)
    if (typeof keyText !== "string" || typeof valueText !== "string") return
    pass.world.stashes.set(rule.name, keyText, valueText, undefined)
  }
}
