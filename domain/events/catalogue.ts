/** Every event there is. A store's reader decodes what it reads with this catalogue. */
import { AllowlistReplaced } from "./allowlist.ts"
import { EventsDropped, LossAccepted, OffenderErased, StreamRewritten } from "./audit.ts"
import { BouncerDeleted, BouncerRegistered } from "./bouncer.ts"
import { DecisionMade, DecisionRetracted, DecisionNumbered } from "./decision.ts"
import type { RecordedEvent } from "./event.ts"
import { HostResolved } from "./host-resolved.ts"
import { LeaseReleased, LeaseRenewed, LeaseTaken } from "./lease.ts"
import { LogBatchAppended } from "./log-batch.ts"
import { NameResolved } from "./name-resolved.ts"
import { OverflowRaised } from "./overflow.ts"
import { ContentRecorded, RulesetActivated } from "./ruleset.ts"
import { TimePassed } from "./time-passed.ts"
import type { UnreadableEvent } from "./unreadable.ts"

export const catalogue = {
  LogBatchAppended,
  OverflowRaised,
  DecisionMade,
  DecisionRetracted,
  DecisionNumbered,
  RulesetActivated,
  ContentRecorded,
  NameResolved,
  HostResolved,
  TimePassed,
  BouncerRegistered,
  BouncerDeleted,
  AllowlistReplaced,
  LeaseTaken,
  LeaseRenewed,
  LeaseReleased,
  LossAccepted,
  EventsDropped,
  OffenderErased,
  StreamRewritten
} as const

type Catalogue = typeof catalogue

/** Any recorded event of Testudo, or what stands for one that is not readable: a union that narrows by `type`. */
export type TestudoEvent =
  | {
      [Type in keyof Catalogue]: RecordedEvent<Type, ReturnType<Catalogue[Type]["decode"]>>
    }[keyof Catalogue]
  | UnreadableEvent

/** The declaration of a type, undefined for one that this version does not know. */
export const declarationOf = (type: string): Catalogue[keyof Catalogue] | undefined =>
  Object.hasOwn(catalogue, type) ? catalogue[type as keyof Catalogue] : undefined

/**
 * The event with its data checked and brought to the current version, or undefined for what this version does not know (a
 * newer node's type or version, or a system event of EventStoreDB), which every fold skips. Throws a `SchemaError` when a
 * known type's data is malformed: a store's reader gives an `Unreadable` in its place then.
 */
export const decodeEvent = (event: RecordedEvent): TestudoEvent | undefined => {
  const declared = declarationOf(event.type)
  const { version } = event.metadata
  if (declared === undefined || version > declared.version) return undefined
  const data = declared.decode(event.data, version)
  const metadata = version === declared.version ? event.metadata : { ...event.metadata, version: declared.version }
  return { ...event, metadata, data } as TestudoEvent
}
