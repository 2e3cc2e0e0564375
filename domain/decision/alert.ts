/** An overflow as the expressions of profiles see it: `Alert`. */
import { entriesOf, type Overflow } from "../events/overflow.ts"
import { type AlertObject, metaItems } from "../expression/environment/alert.ts"

export const alertOf = (overflow: Overflow): AlertObject => {
  let events: AlertObject["Events"] | undefined
  return {
    Scenario: overflow.scenario.name,
    ScenarioHash: overflow.scenario.hash,
    ScenarioVersion: overflow.scenario.version,
    Message: overflow.message,
    Capacity: overflow.capacity,
    EventsCount: overflow.eventsCount,
    Leakspeed: overflow.leakspeed,
    StartAt: overflow.startAt,
    StopAt: overflow.stopAt,
    Simulated: false,
    Kind: "crowdsec",
    Meta: metaItems(overflow.meta ?? {}),
    Remediation: overflow.remediation,
    Source: {
      IP: overflow.source.ip ?? "",
      Range: overflow.source.range ?? "",
      AsNumber: overflow.source.asNumber ?? "",
      AsName: overflow.source.asName ?? "",
      Cn: overflow.source.country ?? "",
      Latitude: overflow.source.latitude ?? 0,
      Longitude: overflow.source.longitude ?? 0,
      Scope: overflow.source.scope,
      Value: overflow.source.value
    },
    // Few profiles look at the events, and those that do ask for them again and again.
    get Events() {
      events ??= entriesOf(overflow.evidence).map(({ at, meta }) => ({
        Timestamp: at,
        Meta: metaItems(meta),
        GetMeta: (key) => (Object.hasOwn(meta, key) ? (meta[key] ?? "") : "")
      }))
      return events
    },
    GetMeta: (key) => (Object.hasOwn(overflow.meta ?? {}, key) ? (overflow.meta![key] ?? "") : "")
  }
}
