/** Every event there is. A store's reader decodes what it reads with this catalogue. */
import { AllowlistReplaced } from "./allowlist.ts"
import { BouncerDeleted, BouncerRegistered } from "./bouncer.ts"
import { DecisionMade, DecisionRetracted, DecisionsNumbered } from "./decision.ts"
import type { RecordedEvent } from "./event.ts"
import { LogBatchAppended } from "./log-batch.ts"
import { NameResolved } from "./name-resolved.ts"
import { OverflowRaised } from "./overflow.ts"
import { ContentRecorded, RulesetActivated } from "./ruleset.ts"

export const catalogue = {
  LogBatchAppended,
  OverflowRaised,
  DecisionMade,
  DecisionRetracted,
  DecisionsNumbered,
  RulesetActivated,
  ContentRecorded,
  NameResolved,
  BouncerRegistered,
  BouncerDeleted,
  AllowlistReplaced
} as const

type Catalogue = typeof catalogue

/** Any recorded event of Testudo: a union that narrows by `type`. */
export type TestudoEvent = {
  [Type in keyof Catalogue]: RecordedEvent<Type, ReturnType<Catalogue[Type]["decode"]>>
}[keyof Catalogue]

/**
 * The event with its data checked, or undefined for a type that this version does not know (a newer node's, or a
 * system event of EventStoreDB), which every fold skips. Throws a `SchemaError` when a known type's data is malformed.
 */
export const decodeEvent = (event: RecordedEvent): TestudoEvent | undefined => {
  if (!Object.hasOwn(catalogue, event.type)) return undefined
  const declared = catalogue[event.type as keyof Catalogue]
  return { ...event, data: declared.decode(event.data) } as TestudoEvent
}
