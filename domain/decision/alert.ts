/** An overflow as the expressions of profiles see it: `Alert`. Most ask for little of it. */
import { entriesOf, type Overflow } from "../events/overflow.ts"
import {
  type AlertEventObject,
  type AlertObject,
  metaItems,
  type SourceObject,
  sourceObject
} from "../expression/environment/alert.ts"

export class OverflowAlert implements AlertObject {
  readonly #overflow: Overflow
  #source: SourceObject | undefined
  #events: ReadonlyArray<AlertEventObject> | undefined

  constructor(overflow: Overflow) {
    this.#overflow = overflow
  }

  get Scenario(): string {
    return this.#overflow.scenario.name
  }
  get ScenarioHash(): string {
    return this.#overflow.scenario.hash
  }
  get ScenarioVersion(): string {
    return this.#overflow.scenario.version
  }
  get Message(): string {
    return this.#overflow.message
  }
  get Capacity(): number {
    return this.#overflow.capacity
  }
  get EventsCount(): number {
    return this.#overflow.eventsCount
  }
  get Leakspeed(): string {
    return this.#overflow.leakspeed
  }
  get StartAt(): string {
    return this.#overflow.startAt
  }
  get StopAt(): string {
    return this.#overflow.stopAt
  }
  get Simulated(): boolean {
    return false
  }
  get Kind(): string {
    return "crowdsec"
  }
  get Remediation(): boolean {
    return this.#overflow.remediation
  }

  get Meta(): AlertObject["Meta"] {
    return metaItems(this.#overflow.meta ?? {})
  }

  get Source(): SourceObject {
    this.#source ??= sourceObject(this.#overflow.source)
    return this.#source
  }

  /** Those who look at the events do so again and again. */
  get Events(): AlertObject["Events"] {
    this.#events ??= entriesOf(this.#overflow.evidence).map(({ at, meta }) => ({
      Timestamp: at,
      Meta: metaItems(meta),
      GetMeta: (key) => valueIn(meta, key)
    }))
    return this.#events
  }

  GetMeta(key: string): string {
    return valueIn(this.#overflow.meta ?? {}, key)
  }
}

const valueIn = (meta: Readonly<Record<string, string>>, key: string): string =>
  Object.hasOwn(meta, key) ? (meta[key] ?? "") : ""
