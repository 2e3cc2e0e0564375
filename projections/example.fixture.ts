/** Example events for tests: real ones but for the parts that a test does not care about. */
import { exampleOverflow, start, time } from "../domain/decision/example.fixture.ts"
import type { Allowlist } from "../domain/events/allowlist.ts"
import { catalogue, type TestudoEvent } from "../domain/events/catalogue.ts"
import type { Decision } from "../domain/events/decision.ts"
import { derivedId } from "../domain/events/derived-id.ts"
import type { Overflow } from "../domain/events/overflow.ts"
import { allowlistStream, bouncerStream, offenderStream } from "../domain/events/stream-name.ts"

/** Where an event stands: its position, and the recorded time, by default as many seconds after {@link start}. */
interface At {
  readonly position: number
  readonly recordedAt?: number
  readonly id?: string
}

type EventOf<Type extends TestudoEvent["type"]> = Extract<TestudoEvent, { type: Type }>

const record = <Type extends TestudoEvent["type"]>(
  type: Type,
  stream: string,
  data: EventOf<Type>["data"],
  { position, recordedAt = start + position * 1_000, id = derivedId("example", type, position) }: At
): EventOf<Type> => {
  const metadata = { version: catalogue[type as keyof typeof catalogue].version }
  return { id, type, data, metadata, stream, revision: position, position, recordedAt } as EventOf<Type>
}

const exampleDecision = (fields: Partial<Decision> & { readonly number: number }): Decision => ({
  overflow: null,
  scope: "Ip",
  value: "203.0.113.7",
  type: "ban",
  duration: "4h",
  from: time(start),
  until: time(start + 4 * 3_600_000),
  scenario: "crowdsecurity/ssh-bf",
  origin: "crowdsec",
  simulated: false,
  reason: "Ip 203.0.113.7 performed 'crowdsecurity/ssh-bf'",
  ...fields
})

export const decisionMade = (fields: Partial<Decision> & { readonly number: number }, at: At) => {
  const decision = exampleDecision(fields)
  return record("DecisionMade", offenderStream(decision.scope, decision.value), decision, at)
}

export const decisionRetracted = (made: EventOf<"DecisionMade">, at: At) => {
  const recordedAt = at.recordedAt ?? start + at.position * 1_000
  const { number } = made.data
  const data = { decision: made.id, number, reason: "a mistake", by: "command line", at: time(recordedAt) }
  return record("DecisionRetracted", made.stream, data, at)
}

export const overflowRaised = (
  fields: Partial<Overflow> & { readonly scenarioName?: string },
  at: At
): EventOf<"OverflowRaised"> => {
  const overflow = exampleOverflow(fields)
  return record("OverflowRaised", offenderStream(overflow.source.scope, overflow.source.value), overflow, at)
}

export const allowlistReplaced = (name: string, values: ReadonlyArray<string>, at: At) => {
  const list: Allowlist = { name, entries: values.map((value) => ({ value, comment: "" })) }
  return record("AllowlistReplaced", allowlistStream(name), list, at)
}

export const bouncerRegistered = (name: string, keyHash: string, at: At) =>
  record("BouncerRegistered", bouncerStream(name), { name, keyHash }, at)

export const bouncerDeleted = (name: string, at: At) => record("BouncerDeleted", bouncerStream(name), { name }, at)
