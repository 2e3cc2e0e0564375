/** What a test's assertions look at: every node's work on every line, and every overflow. */
import type { EngineWatch } from "../../domain/detection/engine.ts"
import { LOG, type PipelineEvent } from "../../domain/detection/event/pipeline-event.ts"
import type { EventObject } from "../../domain/expression/environment/event.ts"
import { Float } from "../../domain/expression/float.ts"
import { KeptFields } from "../../domain/text/fields.ts"
import { goSort } from "./go-sort.ts"

export interface ParserResult {
  /** Place in the order of execution. */
  readonly Idx: number
  /** The event as it was right after the node. */
  readonly Evt: EventObject
  readonly Success: boolean
}

/** Stage, then the name of a node, then one result for each line that reached it. */
export type ParserResults = Map<string, Map<string, Array<ParserResult>>>

/** Each is a copy of an event. */
const mostResults = 200_000

/** Records what an engine does. */
export class Results {
  /** CrowdSec's dump has this stage that is none, and hub tests count it. */
  readonly parsers: ParserResults = new Map([["success", new Map([["", []]])]])
  readonly #overflows: Array<PipelineEvent> = []
  #nodes = 0

  readonly watch: EngineWatch = {
    // Also where no node saw it: CrowdSec counts the stage after that of a node that took the line and kept it there.
    stage: (stage) => void this.#nodesOf(stage),
    node: (stage, node, event, success) => {
      if (this.areCut) return
      const nodes = this.#nodesOf(stage)
      const results = nodes.get(node) ?? []
      nodes.set(node, results)
      results.push({ Idx: this.#nodes, Evt: copyOf(event), Success: success })
      this.#nodes += 1
    },
    overflow: (event) => this.#overflows.push(event)
  }

  #nodesOf(stage: string): Map<string, Array<ParserResult>> {
    const nodes = this.parsers.get(stage) ?? new Map<string, Array<ParserResult>>()
    this.parsers.set(stage, nodes)
    return nodes
  }

  /** There were more results than are kept. */
  get areCut(): boolean {
    return this.#nodes >= mostResults
  }

  /** The greatest key first; equal ones as Go's sorting leaves them. */
  overflows(): ReadonlyArray<PipelineEvent> {
    const keyed = this.#overflows.map((event) => ({ event, key: keyOf(event) }))
    goSort(keyed, (left, right) => left.key > right.key)
    return keyed.map(({ event }) => event)
  }
}

const keyOf = ({ Overflow }: PipelineEvent): string =>
  `${Overflow.Alert?.Scenario ?? ""}${Overflow.GetSources().join("@")}`

/** CrowdSec's results go through YAML, and nothing is shared with the event that goes on. */
const copyOf = (event: PipelineEvent): EventObject => {
  const { Type, ExpectMode, Overflow, Stage, StrTime, StrTimeFormat, MarshaledTime, Process, Time } = event
  const Meta = new KeptFields("Meta", event.Meta)
  const Parsed = new KeptFields("Parsed", event.Parsed)
  const Enriched = new KeptFields("Enriched", event.Enriched)
  const maps = { Meta, Parsed, Enriched }
  return {
    ...{ Type, ExpectMode, Overflow, Stage, StrTime, StrTimeFormat, MarshaledTime, Process, Time, ...maps },
    entry: (map, slot) => maps[map].at(slot),
    Whitelisted: event.Whitelisted,
    WhitelistReason: event.WhitelistReason,
    Line: { ...event.Line, Labels: new Map(event.Line.Labels) },
    Unmarshaled: new Map(Array.from(event.Unmarshaled, ([key, value]) => [key, throughYaml(value)])),
    GetType: () => event.GetType(),
    ParseIPSources: () => event.ParseIPSources(),
    GetMeta: (key) => (Type === LOG ? (Meta.get(key) ?? "") : event.GetMeta(key)),
    SetMeta: (key, value) => Boolean(Meta.set(key, value)),
    SetParsed: (key, value) => Boolean(Parsed.set(key, value))
  }
}

/** Floats from here on are written with an exponent, and then remain floats. */
const exponentFrom = 1e6

/** Small whole floats come back as ints. */
const throughYaml = (value: unknown): unknown => {
  if (value instanceof Float)
    return Number.isInteger(value.value) && Math.abs(value.value) < exponentFrom ? value.value : value
  if (Array.isArray(value)) return value.map(throughYaml)
  if (value instanceof Map) return new Map(Array.from(value, ([key, item]) => [key, throughYaml(item)]))
  return value
}
