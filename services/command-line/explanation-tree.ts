/** An explanation as a tree for people. */
import type {
  BucketExplanation,
  LineExplanation,
  NodeExplanation,
  OverflowExplanation,
  StageExplanation
} from "../../domain/detection/explanation.ts"
import type { Change } from "../../domain/detection/event/event-change.ts"
import { printable } from "../../domain/text/printable.ts"
import { counted } from "./counted.ts"
import { type Paint, plain } from "./paint.ts"

export interface TreeOptions {
  readonly paint?: Paint
  /** Also name the nodes that had nothing to do with it. */
  readonly verbose?: boolean
  /** Of the line in its file; absent for one that was given as it is. */
  readonly number?: number
}

interface Branch {
  readonly text: string
  readonly below?: ReadonlyArray<Branch>
}

const longestLine = 400
const longestValue = 160

export const explanationTree = (explanation: LineExplanation, options: TreeOptions = {}): string => {
  const { paint = plain, verbose = false, number } = options
  const words = new Words(paint, verbose)
  const head = `${number === undefined ? "line" : `line ${number}`}: ${clean(explanation.line, longestLine)}`
  return [head, ...drawn(words.line(explanation), "  ")].join("\n")
}

const clean = (text: string, most = longestValue): string => printable(text, most)

const drawn = (branches: ReadonlyArray<Branch>, indent: string): ReadonlyArray<string> =>
  branches.flatMap(({ text, below = [] }, index) => {
    const last = index === branches.length - 1
    return [`${indent}${last ? "└" : "├"} ${text}`, ...drawn(below, `${indent}${last ? " " : "│"} `)]
  })

const signs = { created: "+", updated: "~", deleted: "-" } as const

class Words {
  readonly #paint: Paint
  readonly #verbose: boolean

  constructor(paint: Paint, verbose: boolean) {
    this.#paint = paint
    this.#verbose = verbose
  }

  line({ stages, parsed, whitelisted, whitelistReason, time, buckets }: LineExplanation): ReadonlyArray<Branch> {
    const { good, bad, faint } = this.#paint
    const verdict = !parsed
      ? bad(`not understood: ${this.#end(stages)}`)
      : whitelisted
        ? `understood, ${good(`but whitelisted: ${clean(whitelistReason)}`)}`
        : good("understood")
    const branches: Array<Branch> = [
      ...stages.map((stage) => this.#stage(stage)),
      { text: `${verdict}${time === undefined ? "" : faint(`, detected at ${time}`)}` }
    ]
    const expired = buckets.filter(({ outcome }) => outcome === "expired")
    if (expired.length > 0) branches.push(this.#scenarios("the time was over of", expired))
    const poured = buckets.filter(({ outcome }) => outcome !== "expired")
    if (parsed && !whitelisted) branches.push(this.#scenarios("poured into", poured))
    return branches
  }

  #end(stages: ReadonlyArray<StageExplanation>): string {
    const last = stages.at(-1)
    return last === undefined ? "there are no parsers" : `it came to its end in ${clean(last.stage)}`
  }

  #stage({ stage, nodes }: StageExplanation): Branch {
    const shown = this.#verbose ? nodes : nodes.filter(({ success, changes }) => success || changes.length > 0)
    const others = nodes.length - shown.length
    const what = `${counted(others, shown.length === 0 ? "parser" : "other parser")} did not take it`
    const rest = others === 0 ? [] : [{ text: this.#paint.faint(what) }]
    return { text: clean(stage), below: [...shown.map((node) => this.#node(node)), ...rest] }
  }

  #node({ name, success, changes }: NodeExplanation): Branch {
    const count = (kind: Change["kind"]) => changes.filter((change) => change.kind === kind).length
    const counts = (["created", "updated", "deleted"] as const)
      .filter((kind) => count(kind) > 0)
      .map((kind) => `${signs[kind]}${count(kind)}`)
    const { good, bad, faint } = this.#paint
    const what = counts.length === 0 ? (success ? "unchanged" : "did not take it") : counts.join(" ")
    return {
      text: `${success ? good("✓") : bad("✗")} ${clean(name)} ${faint(`(${what})`)}`,
      below: changes.map((change) => this.#change(change))
    }
  }

  #change({ kind, field, before = "", after = "" }: Change): Branch {
    const { good, bad, faint } = this.#paint
    const place = `${signs[kind]} ${clean(field)}`
    if (kind === "deleted") return { text: `${bad(place)} ${faint(`(was ${clean(before)})`)}` }
    const was = kind === "updated" ? ` ${faint(`(was ${clean(before)})`)}` : ""
    return { text: `${kind === "created" ? good(place) : place} = ${clean(after)}${was}` }
  }

  #scenarios(what: string, buckets: ReadonlyArray<BucketExplanation>): Branch {
    if (buckets.length === 0) return { text: `${what} no bucket: no scenario is about it` }
    return { text: what, below: buckets.map((bucket) => this.#bucket(bucket)) }
  }

  #bucket(bucket: BucketExplanation): Branch {
    const { bad, faint } = this.#paint
    const group = bucket.group === "" ? "" : ` ${faint(`of ${clean(bucket.group)}`)}`
    const full = bucket.outcome === "overflowed" || bucket.outcome === "expired"
    const fill = full ? bad(fillOf(bucket)) : fillOf(bucket)
    const below = bucket.overflow === undefined ? [] : this.#overflow(bucket.overflow)
    return { text: `${clean(bucket.scenario)}${group}: ${fill}`, below }
  }

  #overflow({
    held,
    stages,
    whitelisted,
    whitelistReason,
    alerts,
    buckets
  }: OverflowExplanation): ReadonlyArray<Branch> {
    if (held !== undefined) return [{ text: `no alert: ${heldBecause[held]}` }]
    const { good, bad } = this.#paint
    const branches = stages.map((stage) => this.#stage(stage))
    if (whitelisted) branches.push({ text: good(`no alert: whitelisted: ${clean(whitelistReason)}`) })
    else
      for (const { scope, value, message, remediation, context } of alerts) {
        const what = remediation ? "alert" : "alert, no remediation"
        const who = `${scope} ${value}`
        const about = message.startsWith(`${who} `) ? "" : `${clean(who)}: `
        const told = Object.entries(context).map(([key, texts]) => ({ text: `${clean(key)} = ${clean(texts)}` }))
        branches.push({ text: `${bad(what)}: ${about}${clean(message, longestLine)}`, below: told })
      }
    if (buckets.length > 0) branches.push(this.#scenarios("poured again into", buckets))
    return branches
  }
}

const heldBecause = {
  overflow_filter: "the scenario's overflow_filter does not let it pass",
  blackhole: "the scenario's blackhole swallows it, because there was one shortly before",
  nobody: "its events name nobody whom it could be about"
} as const

const gaugeLength = 10

/** How full a bucket is, in words and at a glance. */
const fillOf = (bucket: BucketExplanation): string => {
  const { outcome, type, events, level, capacity, leakspeed, due, probability, threshold } = bucket
  const likely = probability === undefined ? "" : `, an attack with probability ${Number(probability.toFixed(3))}`
  const held = `${counted(events, "event")}${likely}`
  if (outcome === "cancelled") return "emptied: cancel_on holds"
  if (type === "trigger") return "triggered"
  if (outcome === "overflowed") return `ran over with ${held}`
  if (outcome === "expired") return `ran over with ${held} at ${due}`
  const repeated = outcome === "repeated" ? ", this one not counted: distinct knows it already" : ""
  const end = due === undefined ? "" : `, runs over at ${due}`
  const above = threshold === undefined ? "" : `, runs over above ${threshold}`
  if (level === undefined || capacity === undefined) return `holds ${held}${above}${end}${repeated}`
  const full = Math.min(gaugeLength, Math.round((level / capacity) * gaugeLength))
  const gauge = "█".repeat(full) + "░".repeat(gaugeLength - full)
  return `${gauge} ${level} of ${capacity}, one leaks in ${leakspeed}${end}${repeated}`
}
