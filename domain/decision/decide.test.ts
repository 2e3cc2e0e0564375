import { describe, expect, it } from "vitest"
import { exampleOverflow, start } from "./example.fixture.ts"
import { Decision } from "../events/decision.ts"
import type { Overflow } from "../events/overflow.ts"
import * as Schema from "effect/Schema"
import { Allowlists } from "./allowlist.ts"
import { decide, manualDecision } from "./decide.ts"
import { compileProfiles } from "./profile.ts"

const { profiles } = compileProfiles([])

const decideOn = (overflow: Overflow, allowed: ReadonlyArray<string> = []) => {
  const entries = allowed.map((value) => ({ value, comment: "" }))
  return decide({
    overflowId: "0b5e9f0e-0000-4000-8000-000000000001",
    overflow,
    correlation: "c",
    profiles,
    allowlists: Allowlists.of([{ name: "machine", entries }])
  })
}

describe("decide", () => {
  it("answers an overflow with a decision from its detection time on, caused by it", () => {
    const [event, ...rest] = decideOn(exampleOverflow({ stopAt: "2026-01-01T00:00:00.123456789Z" }))
    expect(rest).toEqual([])
    expect(event!.metadata).toEqual({
      version: 1,
      $causationId: "0b5e9f0e-0000-4000-8000-000000000001",
      $correlationId: "c"
    })
    expect(Schema.decodeUnknownSync(Decision)(event!.data)).toEqual({
      number: 0,
      overflow: "0b5e9f0e-0000-4000-8000-000000000001",
      scope: "Ip",
      value: "203.0.113.7",
      type: "ban",
      duration: "4h",
      from: "2026-01-01T00:00:00.123456789Z",
      until: "2026-01-01T04:00:00.123Z",
      scenario: "crowdsecurity/ssh-bf",
      origin: "crowdsec",
      simulated: false,
      reason: "Ip 203.0.113.7 performed 'crowdsecurity/ssh-bf' (6 events over 10s)"
    })
    expect(decideOn(exampleOverflow())[0]!.id).toBe(event!.id)
  })

  it("writes values in their canonical text", () => {
    const of = (scope: string, value: string) => decideOn(exampleOverflow({ source: { scope, value } }))[0]?.data.value
    expect(of("Ip", "2001:DB8:0:0::1")).toBe("2001:db8::1")
    expect(of("Range", "10.1.2.3/8")).toBe("10.0.0.0/8")
    expect(of("Ip", "not an address")).toBeUndefined()
    expect(of("Ip", "10.0.0.0/8")).toBeUndefined()
  })

  it("spares what an allowlist covers, and a range around it", () => {
    const of = (scope: string, value: string, ...allowed: ReadonlyArray<string>) =>
      decideOn(exampleOverflow({ source: { scope, value } }), allowed).length
    expect(of("Ip", "203.0.113.7", "203.0.113.7")).toBe(0)
    expect(of("Ip", "203.0.113.7", "203.0.113.0/24")).toBe(0)
    expect(of("Ip", "203.0.113.7", "203.0.113.8", "::/0")).toBe(1)
    expect(of("Range", "203.0.113.0/24", "203.0.113.8")).toBe(0)
    expect(of("Range", "203.0.113.0/24", "203.0.0.0/16")).toBe(0)
    expect(of("Range", "203.0.113.0/24", "203.0.114.1")).toBe(1)
    expect(of("Ip", "127.0.0.1", "127.0.0.0/8", "nonsense")).toBe(0)
  })
})

describe("a manual decision", () => {
  const manual = (fields: object) =>
    manualDecision({
      value: "192.0.2.1",
      type: "ban",
      duration: "4h",
      reason: "why",
      by: "command line",
      at: start,
      ...fields
    })

  it("is one of the wire's origin cscli", () => {
    expect(manual({})).toEqual({
      overflow: null,
      scope: "Ip",
      value: "192.0.2.1",
      type: "ban",
      duration: "4h",
      from: "2026-11-22T07:00:00Z",
      until: "2026-11-22T11:00:00Z",
      scenario: "manual 'ban' from 'command line'",
      origin: "cscli",
      simulated: false,
      reason: "why"
    })
    expect(manual({ value: "192.0.2.77/24", type: "Captcha", duration: "7d" })).toMatchObject({
      scope: "Range",
      value: "192.0.2.0/24",
      type: "captcha",
      duration: "168h"
    })
    expect(manual({ value: "192.0.2.1", scope: "range" })).toMatchObject({ scope: "Range", value: "192.0.2.1/32" })
    expect(manual({ value: "FR", scope: "country" })).toMatchObject({ scope: "Country", value: "FR" })
  })

  it.each([
    [{ value: "192.0.2.0/24", scope: "ip" }, "TST-DECISION-VALUE", "a range where an address is expected"],
    [{ value: "192.0.2.0/33" }, "TST-DECISION-VALUE", "not an address range"],
    [{ value: "zzz" }, "TST-DECISION-VALUE", "not an IP address"],
    [{ value: "" }, "TST-DECISION-VALUE", "not an IP address"],
    [{ value: "  ", scope: "Username" }, "TST-DECISION-VALUE", "missing"],
    [{ value: "a\nb", scope: "Username" }, "TST-DECISION-VALUE", "control character"],
    [{ value: "a", scope: "no scope" }, "TST-DECISION-SCOPE", "not a scope"],
    [{ type: "ban; drop" }, "TST-DECISION-TYPE", "not a remediation"],
    [{ type: "" }, "TST-DECISION-TYPE", "not a remediation"],
    [{ duration: "0s" }, "TST-DECISION-DURATION", "not a duration"],
    [{ duration: "-4h" }, "TST-DECISION-DURATION", "not a duration"],
    [{ duration: "tomorrow" }, "TST-DECISION-DURATION", "not a duration"],
    [{ duration: "999999d" }, "TST-DECISION-DURATION", "not a duration"]
  ])("refuses %j", (fields, code, text) => {
    const refused = manual(fields)
    expect(refused).toMatchObject({ code })
    expect("message" in refused && refused.message).toContain(text)
  })
})
