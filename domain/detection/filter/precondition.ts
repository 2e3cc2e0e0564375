/**
 * What can be said of a filter without evaluating it, so that most filters need not be evaluated for most events:
 * comparisons of single fields, whose results can be kept by value, and texts of which the event must contain one.
 *
 * Nothing here decides that a filter holds. What it says is only ever: if this is not so, then the filter gives false
 * without having written anything, and without having failed.
 */
import type { DataFiles } from "../../expression/environment.ts"
import { limit } from "../../expression/limit.ts"
import type { Node } from "../../expression/syntax.ts"
import { childrenOf, operandsOf } from "../../expression/syntax.ts"
import { alternativeLiterals, shortest } from "../../grok/alternative-literals.ts"
import { PatternError } from "../../grok/pattern-error.ts"
import { parsePattern } from "../../grok/pattern-parser.ts"
import { type EventField, fieldOf, sameField } from "../event/event-field.ts"
import { attempt } from "../pass.ts"

/** A text in a field; the case of letters does not count (see `LiteralIndex`). */
export interface Literal {
  readonly field: EventField
  readonly text: string
}

export interface Guard {
  readonly field: EventField
  /** Whether it holds follows from the field alone. */
  readonly holds: (scope: object) => unknown
  /** For when the field turns out to have many values: as {@link Precondition.literals}. */
  readonly literals: ReadonlyArray<Literal> | undefined
}

export interface Precondition {
  /** Parts of the filter that look at one field each, and compare it with constants only. All must hold. */
  readonly guards: ReadonlyArray<Guard>
  /** The filter is nothing but its guards. */
  readonly isGuards: boolean
  /** The event contains one of these; undefined when nothing is known. */
  readonly literals: ReadonlyArray<Literal> | undefined
}

/** Compiles a part of a filter; undefined when it is nothing by itself. */
export type CompilePart = (part: Node) => ((scope: object) => unknown) | undefined

/** Nothing is known. */
export const noPrecondition: Precondition = { guards: [], isGuards: false, literals: undefined }
/** There is no filter, so it always holds. */
export const noFilter: Precondition = { guards: [], isGuards: true, literals: undefined }

export const preconditionOf = (filter: Node, files: DataFiles, compile: CompilePart): Precondition => {
  const analysis = new Analysis(files, compile)
  const conjuncts = conjunctsOf(filter)
  const guards: Array<Guard> = []
  for (const part of conjuncts) {
    const field = guardedField(part)
    const holds = field && compile(part)
    if (field !== undefined && holds !== undefined) guards.push({ field, holds, literals: analysis.literalsOf(part) })
    // What stands behind a part that may fail or write must not keep it from doing so.
    if (!analysis.isTotal(part)) break
  }
  const rest = analysis.literalsOfAll(conjuncts)
  return { guards, isGuards: guards.length === conjuncts.length, literals: rest }
}

/** `a && b`, and `if (a) { b } else { false }`, as a list of what must hold. */
const conjunctsOf = (node: Node): ReadonlyArray<Node> => {
  if (node.kind === "binary" && node.operator === "&&") return operandsOf(node).flatMap(conjunctsOf)
  if (node.kind === "conditional" && isFalse(node.otherwise))
    return [...conjunctsOf(node.condition), ...conjunctsOf(node.then)]
  return [node]
}

const isFalse = (node: Node): boolean => node.kind === "bool" && !node.value

const isConstantText = (node: Node): boolean => node.kind === "string"

const changesCase = new Set(["Upper", "Lower", "upper", "lower"])

const callOf = (node: Node): { readonly name: string; readonly given: ReadonlyArray<Node> } | undefined =>
  node.kind === "call" || node.kind === "builtin" ? { name: node.name, given: node.arguments } : undefined

/** The field that a comparison with constants looks at; undefined when it is anything else, or looks at several. */
const guardedField = (node: Node): EventField | undefined => {
  if (node.kind === "unary" && node.operator === "!") return guardedField(node.operand)
  if (node.kind !== "binary") return undefined
  if (node.operator === "||" || node.operator === "&&") {
    const [first, ...others] = operandsOf(node).map(guardedField)
    return first !== undefined && others.every((field) => field !== undefined && sameField(field, first))
      ? first
      : undefined
  }
  if (node.operator === "==" || node.operator === "!=" || node.operator === "startsWith")
    return isConstantText(node.right) ? comparedField(node.left) : undefined
  if (node.operator === "in" && node.right.kind === "array" && node.right.items.every(isConstantText))
    return comparedField(node.left)
  return undefined
}

const comparedField = (node: Node): EventField | undefined => {
  const call = callOf(node)
  return call !== undefined && changesCase.has(call.name) && call.given.length === 1
    ? comparedField(call.given[0]!)
    : fieldOf(node)
}

/** A text in a field that stands for nothing yet but "this, applied to the item of a list". */
interface Sought {
  readonly field: EventField
  readonly text: string | Node
}

/** Literals of one list, more than which are not worth it. */
const mostLiterals = 10_000
const mostPatterns = 2_000

class Analysis {
  readonly #files: DataFiles
  readonly #compile: CompilePart
  readonly #bound = new Map<string, Node>()

  constructor(files: DataFiles, compile: CompilePart) {
    this.#files = files
    this.#compile = compile
  }

  literalsOf(node: Node): ReadonlyArray<Literal> | undefined {
    return settled(this.#sought(node))
  }

  /** What all of the conjuncts need: that of the one which tells most. */
  literalsOfAll(conjuncts: ReadonlyArray<Node>): ReadonlyArray<Literal> | undefined {
    return settled(this.#ofConjunction(conjuncts))
  }

  #ofConjunction(conjuncts: ReadonlyArray<Node>): ReadonlyArray<Sought> | undefined {
    let best: ReadonlyArray<Sought> | undefined
    for (const conjunct of conjuncts) {
      // A guard tells as much without looking for it.
      const sought = guardedField(conjunct) === undefined ? this.#sought(conjunct) : undefined
      if (sought !== undefined && (best === undefined || worth(sought) > worth(best))) best = sought
      if (!this.isTotal(conjunct)) break
    }
    return best
  }

  /** If none of what is given is there, the node gives false; it has then neither written nor failed. */
  #sought(node: Node): ReadonlyArray<Sought> | undefined {
    switch (node.kind) {
      case "bool":
        return node.value ? undefined : []
      case "chain":
      case "predicate":
        return this.#sought(node.body)
      case "let": {
        if (!this.isTotal(node.value) || node.name === "evt") return undefined
        this.#bound.set(node.name, node.value)
        return this.#sought(node.body)
      }
      case "conditional": {
        const otherwise = this.#sought(node.otherwise)
        const then = this.#ofConjunction([node.condition, node.then])
        return then === undefined || otherwise === undefined ? undefined : [...then, ...otherwise]
      }
      case "binary":
        if (node.operator === "&&") return this.#ofConjunction(operandsOf(node))
        if (node.operator === "||") return all(operandsOf(node).map((operand) => this.#sought(operand)))
        return this.#ofComparison(node.operator, node.left, node.right)
      case "builtin":
        return node.name === "any" && node.arguments.length === 2
          ? this.#ofAny(node.arguments[0]!, node.arguments[1]!)
          : undefined
      case "call":
        return node.name === "RegexpInFile" ? this.#ofPatterns(node.arguments[0]!, node.arguments[1]!) : undefined
      default:
        return undefined
    }
  }

  #ofComparison(operator: string, left: Node, right: Node): ReadonlyArray<Sought> | undefined {
    switch (operator) {
      case "contains":
      case "startsWith":
      case "endsWith":
        return this.#contained(left, [right])
      case "==":
        return this.#contained(left, [right]) ?? this.#contained(right, [left])
      case "in":
        if (right.kind === "array") return this.#contained(left, right.items)
        return this.#isConstantList(right) ? this.#ofItems(this.#contained(left, [item]), right) : undefined
      case "matches":
        return this.#inText(left, patternLiterals(this.#constantText(right)))
      case "!=":
        return right.kind === "string" && right.value === "" ? this.#lookedUp(left) : undefined
      default:
        return undefined
    }
  }

  /** The subject contains one of these parts. */
  #contained(subject: Node, parts: ReadonlyArray<Node>): ReadonlyArray<Sought> | undefined {
    const texts = parts.map((part) => this.#constantText(part) ?? (this.#isOfItem(part) ? part : ""))
    return texts.includes("") ? undefined : this.#inText(subject, texts)
  }

  /** `"x"`, or a function of it, such as `Upper("x")`. */
  #constantText(node: Node): string | undefined {
    if (node.kind === "string") return node.value
    const call = callOf(node)
    if (call === undefined || !ofItem.has(call.name) || !call.given.every(isConstantText)) return undefined
    const evaluate = this.#compile(node)
    const value = evaluate && attempt(evaluate, {})
    return typeof value === "string" ? value : undefined
  }

  #inText(subject: Node, texts: ReadonlyArray<string | Node> | undefined): ReadonlyArray<Sought> | undefined {
    const place = this.#textOf(subject)
    return place === undefined || texts === undefined
      ? undefined
      : [...texts, ...place.signs].map((text) => ({ field: place.field, text }))
  }

  /** A field, in whatever case. `signs`: without any of them in the field, nothing in it was escaped. */
  #textOf(node: Node): { readonly field: EventField; readonly signs: ReadonlyArray<string> } | undefined {
    const field = fieldOf(node)
    if (field !== undefined) return { field, signs: [] }
    if (node.kind === "name") {
      const value = this.#bound.get(node.name)
      return value && this.#textOf(value)
    }
    const call = callOf(node)
    if (call === undefined || call.given.length !== 1) return undefined
    const inner = this.#textOf(call.given[0]!)
    if (inner === undefined || changesCase.has(call.name)) return inner
    if (call.name === "PathUnescape") return { ...inner, signs: [...inner.signs, "%"] }
    if (call.name === "QueryUnescape") return { ...inner, signs: [...inner.signs, "%", "+"] }
    return undefined
  }

  #ofAny(list: Node, predicate: Node): ReadonlyArray<Sought> | undefined {
    return this.#isConstantList(list) ? this.#ofItems(this.#sought(predicate), list) : undefined
  }

  /** Puts each item of the list in. */
  #ofItems(sought: ReadonlyArray<Sought> | undefined, list: Node): ReadonlyArray<Sought> | undefined {
    return all(
      sought?.map(({ field, text }) => {
        if (typeof text === "string") return [{ field, text }]
        const body: Node = { kind: "predicate", body: text, offset: 0 }
        const mapped = this.#compile({ kind: "builtin", name: "map", arguments: [list, body], offset: 0 })
        const texts = mapped && attempt(mapped, {})
        const usable = Array.isArray(texts) && texts.length <= mostLiterals
        return usable && texts.every((each) => typeof each === "string" && each !== "")
          ? texts.map((each: string) => ({ field, text: each }))
          : undefined
      })
    )
  }

  /** `RegexpInFile(field, "file")`: a pattern of the file matches. One of very many patterns says too little. */
  #ofPatterns(subject: Node, file: Node): ReadonlyArray<Sought> | undefined {
    if (file.kind !== "string") return undefined
    const patterns = this.#files.patterns(file.value)
    if (patterns === undefined || patterns.length > mostPatterns) return undefined
    return this.#inText(subject, all(patterns.map(patternLiterals)))
  }

  /** `LookupFile(field, "file") != ""`: an entry of the file fits. */
  #lookedUp(node: Node): ReadonlyArray<Sought> | undefined {
    const call = callOf(node.kind === "name" ? (this.#bound.get(node.name) ?? node) : node)
    if (call?.name !== "LookupFile" || call.given[1]?.kind !== "string") return undefined
    const texts = this.#files.entries(call.given[1].value)?.map((entry): ReadonlyArray<string> | undefined => {
      const pattern = entry.get("pattern")
      if (pattern === undefined || pattern === "") return undefined
      return entry.get("type") === "regex" ? patternLiterals(pattern) : [pattern]
    })
    return this.#inText(call.given[0]!, all(texts))
  }

  #isConstantList(node: Node): boolean {
    const call = callOf(node)
    if (call !== undefined) return call.name === "File" && call.given.every(isConstantText)
    return node.kind === "array" && node.items.every(isConstantText)
  }

  /** A text made of the item of a list and constants by functions that always give the same. */
  #isOfItem(node: Node): boolean {
    if (node.kind === "pointer") return node.name === ""
    const call = callOf(node)
    return (
      call !== undefined &&
      ofItem.has(call.name) &&
      call.given.every((given) => given.kind === "string" || this.#isOfItem(given))
    )
  }

  /** Evaluating it can neither fail nor write, nor look at what may be otherwise another time. */
  isTotal(node: Node): boolean {
    if (node.kind === "bool" || node.kind === "string" || node.kind === "nil" || node.kind === "pointer") return true
    if (fieldOf(node) !== undefined) return true
    if (node.kind === "name") return this.#bound.has(node.name)
    if (node.kind === "let") {
      if (!this.isTotal(node.value)) return false
      this.#bound.set(node.name, node.value)
      return this.isTotal(node.body)
    }
    const call = callOf(node)
    if (call !== undefined && !totalCalls.has(call.name)) return false
    if (call?.name === "any" && !this.#isConstantList(call.given[0]!)) return false
    if (node.kind === "binary" && !totalOperators.has(node.operator)) return false
    if (node.kind === "binary" && node.operator === "matches" && node.right.kind !== "string") return false
    const plain = ["binary", "unary", "call", "builtin", "predicate", "conditional", "array", "chain"].includes(
      node.kind
    )
    if (!plain || (node.kind === "unary" && node.operator !== "!")) return false
    return childrenOf(node).every((child) => this.isTotal(child))
  }
}

const settled = (sought: ReadonlyArray<Sought> | undefined): ReadonlyArray<Literal> | undefined =>
  sought?.every((each): each is Literal => typeof each.text === "string") ? sought : undefined

/** What a list of texts holds at its item. */
const item: Node = { kind: "pointer", name: "", offset: 0 }

const ofItem = new Set([...changesCase, "JsonExtract", "TrimSpace"])
const totalCalls = new Set([
  ...changesCase,
  "PathUnescape",
  "QueryUnescape",
  "File",
  "RegexpInFile",
  "LookupFile",
  "any"
])
const totalOperators = new Set(["&&", "||", "==", "!=", "in", "contains", "startsWith", "endsWith", "matches"])

const all = <A>(lists: ReadonlyArray<ReadonlyArray<A> | undefined> | undefined): ReadonlyArray<A> | undefined =>
  lists?.every((list) => list !== undefined) ? lists.flat() : undefined

/** How much a choice of texts tells; signs of escaping are rare, however short. */
const worth = (sought: ReadonlyArray<Sought>): number =>
  shortest(sought.flatMap(({ text }) => (typeof text === "string" && text !== "%" && text !== "+" ? [text] : [])))

const patternLiterals = (source: string | undefined): ReadonlyArray<string> | undefined => {
  if (source === undefined || source.length > limit.patternText) return undefined
  try {
    return alternativeLiterals(parsePattern(source).syntax)
  } catch (error) {
    if (error instanceof PatternError) return undefined
    throw error
  }
}
