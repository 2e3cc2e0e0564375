/** An example overflow for tests: a real one but for the parts that a test does not care about. */
import { derivedId } from "../events/derived-id.ts"
import type { Overflow } from "../events/overflow.ts"

/** 2026-11-22T07:00:00Z */
export const start = Date.UTC(2026, 10, 22, 7)

export const time = (milliseconds: number): string => new Date(milliseconds).toISOString()

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
    evidence: { meta: {}, entries: [] },
    ...rest
  }
}
