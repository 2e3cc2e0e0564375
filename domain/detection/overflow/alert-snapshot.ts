/** A {@link RuntimeAlert} as plain JSON and back. */
import { Alert, AlertEvent, AlertSource, RuntimeAlert } from "./alert.ts"

type AlertFields = Omit<
  { [Key in keyof Alert as Alert[Key] extends (...given: never) => unknown ? never : Key]: Alert[Key] },
  "Events" | "Source"
>
type SourceFields = {
  readonly [Key in keyof AlertSource as AlertSource[Key] extends (...given: never) => unknown
    ? never
    : Key]: AlertSource[Key]
}

export interface RuntimeAlertSnapshot {
  readonly mapkey: string
  readonly bucketId: string
  readonly whitelisted: boolean
  readonly reprocess: boolean
  readonly sources: ReadonlyArray<readonly [key: string, source: SourceFields]>
  readonly alerts: ReadonlyArray<AlertFields>
  /** All alerts of a bucket show the same events. */
  readonly events: ReadonlyArray<EventFields>
}

interface EventFields {
  readonly meta: ReadonlyArray<readonly [key: string, value: string]>
  readonly timestamp: string
  readonly event: string
  readonly line: number
  readonly at: number
  readonly text: string
}

export const snapshotAlert = (alert: RuntimeAlert): RuntimeAlertSnapshot => ({
  mapkey: alert.Mapkey,
  bucketId: alert.BucketId,
  whitelisted: alert.Whitelisted,
  reprocess: alert.Reprocess,
  sources: Array.from(alert.Sources, ([key, source]) => [key, { ...source }] as const),
  alerts: alert.APIAlerts.map(({ Events: _events, Source: _source, ...fields }) => fields as AlertFields),
  events: (alert.APIAlerts[0]?.Events ?? []).map(({ Meta, Timestamp, reference, at, text }) => ({
    meta: Meta.map(({ Key, Value }) => [Key, Value] as const),
    timestamp: Timestamp,
    ...reference,
    at,
    text
  }))
})

export const restoreAlert = (snapshot: RuntimeAlertSnapshot): RuntimeAlert => {
  const Events = snapshot.events.map(
    ({ meta, timestamp, event, line, at, text }) =>
      new AlertEvent({
        Meta: meta.map(([Key, Value]) => ({ Key, Value })),
        Timestamp: timestamp,
        reference: { event, line },
        at,
        text
      })
  )
  const sources = snapshot.sources.map(([key, source]) => [key, Object.assign(new AlertSource(), source)] as const)
  return Object.assign(new RuntimeAlert(), {
    Mapkey: snapshot.mapkey,
    BucketId: snapshot.bucketId,
    Whitelisted: snapshot.whitelisted,
    Reprocess: snapshot.reprocess,
    Sources: new Map(sources),
    APIAlerts: snapshot.alerts.map((fields, index) =>
      Object.assign(new Alert(), fields, { Events, Source: sources[index]![1] })
    )
  })
}
