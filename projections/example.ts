/** Example events for tests: real ones but for the parts that a test does not care about. */
import type { Allowlist } from "../domain/events/allowlist.ts"
import type { TestudoEvent } from "../domain/events/catalogue.ts"
import type { Decision } from "../domain/events/decision.ts"
import { derivedId } from "../domain/events/derived-id.ts"
import type { Overflow } from "../domain/events/overflow.ts"
import { allowlistStream, bouncerStream, offenderStream } from "../domain/events/stream-name.ts"

/** 2026-11-22T07:00:00Z */
export const start = Date.UTC(2026, 10, 22, 7)

export const time = (milliseconds: number): string => new Date(milliseconds).toISOString()

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
): EventOf<Type> =>
  ({ id, type, data, metadata: { version: 1 }, stream, revision: position, position, recordedAt }) as EventOf<Type>

export const exampleDecision = (fields: Partial<Decision> & { readonly number: number }): Decision => ({
  overflow: null,
  scope: "Ip",
  value: "203.0.113.7",
  type: "ban",
  duration: "4h0m0s",
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

export const exampleOverflow = (fields: Partial<Overflow> & { readonly scenarioName?: string } = {}): Overflow => {
  const { scenarioName = "crowdsecurity/ssh-bf", ...rest } = fields
  return {
    scenario: { name: scenarioName, version: "0.1", hash: "a".repeat(64) },
    ruleset: "b".repeat(64),
    bucket: "c".repeat(40),
    source: { scope: "Ip", value: "203.0.113.7", ip: "203.0.113.7" },
    capacity: 5,
    leakspeed: "10s",
    eventsCount: 6,
    startAt: time(start - 10_000),
    stopAt: time(start),
    message: `Ip 203.0.113.7 performed '${scenarioName}' (6 events over 10s)`,
    remediation: true,
    labels: {},
    trigger: { event: derivedId("example", "batch"), line: 5 },
    evidence: [],
    ...rest
  }
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
