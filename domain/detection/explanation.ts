/**
 * Why the engine made of a line what it made of it: which node took it in which stage and what it set, which buckets it
 * was poured into and how full they are since, what ran over and what became of that.
 */
import type { RecordedEvent } from "../events/event.ts"
import type { LogBatch } from "../events/log-batch.ts"
import { formatDuration } from "../time/duration.ts"
import { formatTimestamp } from "../time/instant.ts"
import type { Bucket } from "./bucket/bucket.ts"
import { type Change, changesBetween, fieldsOf, overflowFields } from "./event/event-change.ts"
import { type Engine, type GeoLookup, type Held, makeEngine } from "./engine.ts"
import { LOG, type PipelineEvent } from "./event/pipeline-event.ts"
import type { Fate } from "./bucket/pour.ts"
import type { Ruleset } from "./ruleset.ts"
import { runtimeAlert } from "./overflow/runtime-alert.ts"

export interface LineExplanation {
  readonly line: string
  /** When it counts as detected, RFC 3339; undefined when no node saw it. */
  readonly time: string | undefined
  /** The last stage took it. */
  readonly parsed: boolean
  readonly whitelisted: boolean
  readonly whitelistReason: string
  readonly stages: ReadonlyArray<StageExplanation>
  readonly buckets: ReadonlyArray<BucketExplanation>
}

export interface StageExplanation {
  readonly stage: string
  /** In the order in which they had a look at it. */
  readonly nodes: ReadonlyArray<NodeExplanation>
}

export interface NodeExplanation {
  readonly name: string
  readonly success: boolean
  readonly changes: ReadonlyArray<Change>
}

export interface BucketExplanation {
  readonly scenario: string
  readonly type: string
  /** What the scenario's `groupby` gave. */
  readonly group: string
  /**
   * `repeated`: the scenario's `distinct` knows the value already, so the event did not count. `expired`: the event was
   * not poured into it, but tells that its time was over.
   */
  readonly outcome: "filling" | "repeated" | "cancelled" | "overflowed" | "expired"
  /** Events since it exists, leaked ones included. */
  readonly events: number
  /** Events in it now, in parts where some leaked; undefined for buckets that do not leak. */
  readonly level: number | undefined
  /** What it holds; undefined: no limit. One more makes it run over. */
  readonly capacity: number | undefined
  /** In which time one event leaks, as Go writes durations. */
  readonly leakspeed: string | undefined
  /** How likely a bayesian bucket's events are an attack, 0 to 1; it runs over above the threshold. */
  readonly probability: number | undefined
  readonly threshold: number | undefined
  /** When it runs over in any case, RFC 3339; undefined for buckets without a `duration`. */
  readonly due: string | undefined
  readonly overflow: OverflowExplanation | undefined
}

export interface OverflowExplanation {
  /** What kept it from becoming an alert: a filter, an overflow shortly before, or that it names nobody. */
  readonly held: Held | undefined
  /** The way through the postoverflows. */
  readonly stages: ReadonlyArray<StageExplanation>
  readonly whitelisted: boolean
  readonly whitelistReason: string
  /** None when it is whitelisted. */
  readonly alerts: ReadonlyArray<{
    readonly scope: string
    readonly value: string
    readonly message: string
    readonly remediation: boolean
    /** What `contexts/` tell about its events: a JSON array of texts under each key. */
    readonly context: Readonly<Record<string, string>>
  }>
  /** Those into which it was poured again. */
  readonly buckets: ReadonlyArray<BucketExplanation>
}

/** What ran over, and what it was poured into again, comes to be known later than the bucket. */
interface OpenBucket extends BucketExplanation {
  overflow: OpenOverflow | undefined
}
interface OpenOverflow extends OverflowExplanation {
  readonly buckets: Array<BucketExplanation>
}
interface OpenStage extends StageExplanation {
  readonly nodes: Array<NodeExplanation>
}

/** An event on its way through the stages. */
interface Way {
  readonly stages: Array<OpenStage>
  /** After the last node. */
  fields: ReadonlyMap<string, string>
}

/** Explains lines one after the other; buckets fill from line to line. */
export class Explainer {
  readonly #engine: Engine
  /** The line at hand, once a node has seen it. */
  #line: PipelineEvent | undefined
  #way: Way = { stages: [], fields: new Map() }
  #buckets: Array<BucketExplanation> = []
  /** The bucket that was poured into last; an overflow that comes next is its. */
  #last: { readonly bucket: Bucket; readonly explanation: OpenBucket } | undefined
  #overflow: { readonly event: PipelineEvent; readonly way: Way } | undefined
  /** By what is poured again. */
  #overflows = new Map<PipelineEvent["Overflow"], OpenOverflow>()

  constructor(ruleset: Ruleset, options: { readonly geo?: GeoLookup } = {}) {
    this.#engine = makeEngine(ruleset, {
      ...options,
      watch: {
        node: (stage, node, event, success) => this.#node(stage, node, event, success),
        poured: (event, bucket, fate) => this.#poured(event, bucket, fate),
        expired: (bucket) => this.#expired(bucket),
        held: (_bucket, by) => this.#settled({ held: by, whitelisted: false, whitelistReason: "", alerts: [] }, []),
        overflow: (event) => this.#overflowed(event)
      }
    })
  }

  /** Undefined for an empty line, which the engine does not look at. */
  explain(batch: RecordedEvent<"LogBatchAppended", LogBatch>, text: string): LineExplanation | undefined {
    if (text === "") return undefined
    this.#line = undefined
    this.#buckets = []
    this.#overflows = new Map()
    const initial = [
      ["evt.Line.Raw", text],
      ["evt.Line.Src", batch.data.path]
    ] as const
    const labels = Object.entries(batch.data.labels).map(([name, value]) => [`evt.Line.Labels.${name}`, value] as const)
    this.#way = { stages: [], fields: new Map([...initial, ...labels]) }
    this.#engine.pour(batch, [text])
    return this.#explained(text, this.#line)
  }

  #explained(text: string, line: PipelineEvent | undefined): LineExplanation {
    return {
      line: text,
      time: line && formatTimestamp(line.at / 1000),
      parsed: line?.Process ?? false,
      whitelisted: line?.Whitelisted ?? false,
      whitelistReason: line?.WhitelistReason ?? "",
      stages: this.#way.stages,
      buckets: this.#buckets
    }
  }

  #node(stage: string, name: string, event: PipelineEvent, success: boolean): void {
    const way = this.#wayOf(event, stage)
    let nodes = way.stages.at(-1)
    if (nodes?.stage !== stage) {
      nodes = { stage, nodes: [] }
      way.stages.push(nodes)
    }
    const fields = fieldsOf(event)
    nodes.nodes.push({ name, success, changes: changesBetween(way.fields, fields) })
    way.fields = fields
  }

  #wayOf(event: PipelineEvent, stage: string): Way {
    if (event.Type === LOG) {
      if (this.#line === undefined) {
        this.#line = event
        this.#way.fields = new Map([...this.#way.fields, ["evt.Stage", stage]])
      }
      return this.#way
    }
    if (this.#overflow?.event !== event) {
      // Nothing saw the overflow before its first postoverflow: it is made from the bucket once more.
      const alert = (this.#last && runtimeAlert(this.#last.bucket, this.#engine.ruleset.contexts)) ?? event.Overflow
      const initial = [
        ["evt.Stage", stage],
        ["evt.MarshaledTime", formatTimestamp(event.at / 1000)]
      ] as const
      const fields = new Map([...overflowFields(alert), ...initial])
      this.#overflow = { event, way: { stages: [], fields } }
    }
    return this.#overflow.way
  }

  #poured(event: PipelineEvent, bucket: Bucket, fate: Fate): void {
    const counted = event.queued !== undefined && bucket.Queue.at(-1) === event.queued
    const explanation = explained(bucket, fate !== "open" ? fate : counted ? "filling" : "repeated")
    const buckets = event.Type === LOG ? this.#buckets : this.#overflows.get(event.Overflow)?.buckets
    this.#add(bucket, explanation, buckets)
  }

  #expired(bucket: Bucket): void {
    this.#add(bucket, explained(bucket, "expired"), this.#buckets)
  }

  #add(bucket: Bucket, explanation: OpenBucket, to: Array<BucketExplanation> | undefined): void {
    to?.push(explanation)
    this.#last = { bucket, explanation }
    this.#overflow = undefined
  }

  #overflowed(event: PipelineEvent): void {
    const { Overflow, WhitelistReason } = event
    const raised = Overflow.Whitelisted ? [] : Overflow.APIAlerts
    const alerts = raised.map(({ Source, Message, Remediation, Meta }) => ({
      scope: Source.Scope,
      value: Source.Value,
      message: Message,
      remediation: Remediation,
      context: Object.fromEntries(Meta.map(({ Key, Value }) => [Key, Value]))
    }))
    const facts = { held: undefined, whitelisted: Overflow.Whitelisted, whitelistReason: WhitelistReason, alerts }
    const overflow = this.#settled(facts, this.#overflow?.event === event ? this.#overflow.way.stages : [])
    if (overflow !== undefined) this.#overflows.set(Overflow, overflow)
  }

  #settled(
    facts: Omit<OverflowExplanation, "stages" | "buckets">,
    stages: ReadonlyArray<StageExplanation>
  ): OpenOverflow | undefined {
    if (this.#last === undefined) return undefined
    const overflow: OpenOverflow = { ...facts, stages, buckets: [] }
    this.#last.explanation.overflow = overflow
    return overflow
  }
}

const explained = (bucket: Bucket, outcome: BucketExplanation["outcome"]): OpenBucket => {
  const { rule, timed } = bucket.scenario
  const leaks = rule.type === "leaky" && rule.capacity >= 0
  return {
    scenario: rule.name,
    type: rule.type,
    group: bucket.group,
    outcome,
    events: bucket.Total_count,
    level: leaks ? levelOf(bucket, outcome) : undefined,
    capacity: rule.capacity < 0 ? undefined : rule.capacity,
    leakspeed: leaks ? formatDuration(rule.leakspeedNs) : undefined,
    probability: rule.bayesian && bucket.belief.probability,
    threshold: rule.bayesian?.threshold,
    due: timed && outcome !== "cancelled" ? formatTimestamp(bucket.deadline / 1000) : undefined,
    overflow: undefined
  }
}

const levelOf = ({ tokens, scenario }: Bucket, outcome: BucketExplanation["outcome"]): number => {
  const { capacity } = scenario.rule
  // The event that makes it run over is not let in.
  return outcome === "overflowed" ? capacity + 1 : Math.round((capacity - tokens) * 100) / 100
}
