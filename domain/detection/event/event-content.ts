/** What an event holds, where parsing its line again would not give it, as plain JSON. */
import type { LineReference } from "../../events/log-batch.ts"
import type { Time } from "../../expression/time.ts"
import { PipelineEvent } from "./pipeline-event.ts"
import type { QueuedEvent } from "./queued-event.ts"
import { restoreValue, snapshotValue, type ValueSnapshot } from "./value-snapshot.ts"

export interface EventContent {
  readonly raw: string
  readonly src: string
  readonly labels: ReadonlyArray<readonly [string, string]>
  readonly observed: ValueSnapshot
  readonly module: string
  readonly parsed: ReadonlyArray<readonly [string, string]>
  readonly enriched: ReadonlyArray<readonly [string, string]>
  readonly meta: ReadonlyArray<readonly [string, string]>
  readonly unmarshaled: ValueSnapshot
  readonly stage: string
  readonly strTime: string
  readonly strTimeFormat: string
  readonly marshaledTime: string
}

export const contentOf = (queued: QueuedEvent): EventContent => {
  const { event } = queued
  const { Line } = event
  return {
    raw: Line.Raw,
    src: Line.Src,
    labels: [...Line.Labels],
    observed: snapshotValue(Line.Time),
    module: Line.Module,
    parsed: [...event.Parsed],
    enriched: [...event.Enriched],
    meta: [...event.Meta],
    unmarshaled: snapshotValue(event.Unmarshaled),
    stage: event.Stage,
    strTime: event.StrTime,
    strTimeFormat: event.StrTimeFormat,
    marshaledTime: event.MarshaledTime
  }
}

/** What every event has. */
export interface EventPlace {
  readonly reference: LineReference
  readonly correlation: string
  readonly at: number
}

export const restoreContent = ({ reference, correlation, at }: EventPlace, content: EventContent) => {
  const event = PipelineEvent.kept()
  Object.assign(event.Line, {
    Raw: content.raw,
    Src: content.src,
    Time: restoreValue(content.observed) as Time,
    Labels: new Map(content.labels),
    Process: true,
    Module: content.module
  })
  fillMaps(event, content)
  return Object.assign(event, {
    batch: reference.event,
    index: reference.line,
    correlation,
    at,
    Stage: content.stage,
    StrTime: content.strTime,
    StrTimeFormat: content.strTimeFormat,
    MarshaledTime: content.marshaledTime,
    Process: true,
    singular: true
  })
}

/** Puts back what was written to it. */
export const fillMaps = (event: PipelineEvent, content: EventContent): void => {
  const fill = <A>(map: Map<string, A>, entries: Iterable<readonly [string, A]>) => {
    for (const [key, value] of entries) map.set(key, value)
  }
  fill(event.Parsed, content.parsed)
  fill(event.Enriched, content.enriched)
  fill(event.Meta, content.meta)
  fill(event.Unmarshaled, restoreValue(content.unmarshaled) as Map<string, unknown>)
}
