/** What a test's assertions look at: every node's work on every line, and every overflow (spec detection.md §6.3, §6.4). */
import type { EngineWatch } from "../../domain/detection/engine.ts"
import { PipelineEvent } from "../../domain/detection/pipeline-event.ts"
import { Float } from "../../domain/expression/float.ts"
import { goSort } from "./go-sort.ts"

export interface ParserResult {
  /** Place in the order of execution. */
  readonly Idx: number
  /** The event as it was right after the node. */
  readonly Evt: PipelineEvent
  readonly Success: boolean
}

/** Stage, then the name of a node, then one result for each line that reached it. */
export type ParserResults = Map<string, Map<string, Array<ParserResult>>>

/** Records what an engine does. */
export class Results {
  /** CrowdSec's dump has this stage that is none, and hub tests count it. */
  readonly parsers: ParserResults = new Map([["success", new Map([["", []]])]])
  readonly #overflows: Array<PipelineEvent> = []
  #nodes = 0

  readonly watch: EngineWatch = {
    node: (stage, node, event, success) => {
      const nodes = this.parsers.get(stage) ?? new Map<string, Array<ParserResult>>()
      this.parsers.set(stage, nodes)
      const results = nodes.get(node) ?? []
      nodes.set(node, results)
      results.push({ Idx: this.#nodes, Evt: copyOf(event), Success: success })
      this.#nodes += 1
    },
    overflow: (event) => this.#overflows.push(event)
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

/** CrowdSec's results go through YAML: whole floats come back as ints, and nothing is shared with the event that goes on. */
const copyOf = (event: PipelineEvent): PipelineEvent =>
  Object.assign(Object.create(PipelineEvent.prototype), event, {
    Line: { ...event.Line },
    Parsed: new Map(event.Parsed),
    Meta: new Map(event.Meta),
    Enriched: new Map(event.Enriched),
    Unmarshaled: throughYaml(event.Unmarshaled)
  })

const throughYaml = (value: unknown): unknown => {
  if (value instanceof Float) return Number.isInteger(value.value) ? value.value : value
  if (Array.isArray(value)) return value.map(throughYaml)
  if (value instanceof Map) return new Map(Array.from(value, ([key, item]) => [key, throughYaml(item)]))
  return value
}
