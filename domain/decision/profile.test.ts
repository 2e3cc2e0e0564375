import { describe, expect, it } from "vitest"
import { evaluate } from "../expression/example.fixture.ts"
import { emptyContext } from "../expression/expression.ts"
import { DecisionHistory } from "./decision-history.ts"
import { exampleOverflow, start, time } from "./example.fixture.ts"
import type { Overflow } from "../events/overflow.ts"
import type { RuleFile } from "../rules/rule.ts"
import { compileProfiles, remediesFor } from "./profile.ts"

const file = (text: string): RuleFile => ({
  kind: "profiles",
  path: "profiles.yaml",
  file: "/etc/testudo/profiles.yaml",
  version: "?",
  content: new TextEncoder().encode(text)
})

const remedies = (text: string, overflow: Overflow = exampleOverflow()): ReadonlyArray<string> => {
  const { profiles, problems } = compileProfiles([file(text)])
  expect(problems).toEqual([])
  return remediesFor(profiles, overflow).map(({ type, duration }) => `${type} ${duration}`)
}

const profile = (fields: string): string => `name: it\n${fields}`
const ban = (duration: string): string => `decisions:\n - type: ban\n   duration: ${duration}\n`

describe("profiles", () => {
  it("ban for 4 h by default what asks for remediation, by address and range", () => {
    const { profiles, problems } = compileProfiles([])
    expect(problems).toEqual([])
    const of = (overflow: Overflow) =>
      remediesFor(profiles, overflow).map(({ type, duration }) => `${type} ${duration}`)
    expect(of(exampleOverflow())).toEqual(["ban 4h"])
    expect(of(exampleOverflow({ source: { scope: "Range", value: "192.0.2.0/24" } }))).toEqual(["ban 4h"])
    expect(of(exampleOverflow({ source: { scope: "Username", value: "bob" } }))).toEqual([])
    expect(of(exampleOverflow({ remediation: false }))).toEqual([])
  })

  it("evaluate every filter, and decide once more for each that matches", () => {
    const text = profile(`filters:\n - "true"\n - Alert.GetScope() == "Range"\n - Alert.EventsCount > 5\n${ban("1h")}`)
    expect(remedies(text)).toEqual(["ban 1h", "ban 1h"])
  })

  it("give the decisions of the first matching profile that has any, and stop at on_success: break", () => {
    const [first, second] = [`name: a\nfilters: ["true"]\n`, `name: b\nfilters: ["true"]\n${ban("2h")}`]
    const third = `name: c\nfilters: ["true"]\n${ban("3h")}`
    expect(remedies([`${first}${ban("1h")}`, second].join("---\n"))).toEqual(["ban 1h"])
    expect(remedies([first, second, third].join("---\n"))).toEqual(["ban 2h"])
    expect(remedies([`${first}on_success: break\n`, second].join("---\n"))).toEqual([])
    expect(remedies([`name: z\nfilters: ["false"]\n${ban("9h")}on_failure: break\n`, second].join("---\n"))).toEqual([
      "ban 2h"
    ])
  })

  it("take the duration of duration_expr when it is one, else the decision's, else 4 h", () => {
    const of = (expression: string, decision: string) =>
      remedies(profile(`filters: ["true"]\n${decision}duration_expr: ${expression}\n`))
    expect(of(`Sprintf('%dh', Alert.GetEventsCount() * 4)`, ban("1h"))).toEqual(["ban 24h"])
    expect(of(`"'7d'"`, ban("1h"))).toEqual(["ban 7d"])
    expect(of(`"'soon'"`, ban("1h"))).toEqual(["ban 1h"])
    expect(of(`"'-5m'"`, ban("1h"))).toEqual(["ban 1h"])
    expect(remedies(profile(`filters: ["true"]\ndecisions:\n - type: captcha\n`))).toEqual(["captcha 4h"])
  })

  it("go on when a filter fails on what it meets, unless on_error says otherwise", () => {
    const failing = (onError: string) =>
      `name: a\nfilters:\n - Alert.Events[99].GetMeta('x') == 'y'\n${ban("1h")}${onError}---\nname: b\nfilters: ["true"]\n${ban("2h")}`
    expect(remedies(failing(""))).toEqual(["ban 2h"])
    expect(remedies(failing("on_error: continue\n"))).toEqual(["ban 2h"])
    expect(remedies(failing("on_error: break\n"))).toEqual([])
    expect(remedies(failing("on_error: apply\n"))).toEqual(["ban 2h"])
    expect(remedies(failing("on_error: apply\non_success: break\n"))).toEqual([])
  })

  it("see the alert's source, labels and events", () => {
    const overflow = exampleOverflow({
      source: { scope: "Ip", value: "192.0.2.1", ip: "192.0.2.1", country: "FR", asName: "Example" },
      evidence: {
        meta: {},
        entries: [{ event: "e", line: 0, at: "2026-11-22T07:00:00Z", text: "", meta: { service: "ssh" } }]
      }
    })
    const text = profile(
      `filters:\n - Alert.Source.Cn == 'FR' && any(Alert.Events, {.GetMeta('service') == 'ssh'}) && Alert.Events[0].GetMeta('toString') == ''\n${ban("1h")}`
    )
    expect(remedies(text, overflow)).toEqual(["ban 1h"])
  })

  it("name the place of an expression that cannot be", () => {
    const works = `name: b\nfilters: ["true"]\n${ban("1h")}`
    const { profiles, problems } = compileProfiles([
      file(`name: a\nfilters:\n - Alert.Nothing == 1\n${ban("1h")}---\n${works}`)
    ])
    expect(profiles.map(({ name }) => name)).toEqual(["b"])
    expect(problems).toHaveLength(1)
    expect(problems[0]).toMatchObject({ severity: "error", file: "/etc/testudo/profiles.yaml", line: 3 })
    expect(problems[0]!.code).toMatch(/^TST-EXPR-/)
    expect(compileProfiles([file("name: ["), file(works)]).problems).toHaveLength(1)
  })

  it.each([
    [`name: a\nfilters:\n - Alert.Nothing == 1\n${ban("1h")}`, "TST-EXPR-NAME"],
    [profile(`filters: ["true"]\n${ban("soon")}`), "TST-RULE-WRONG-VALUE"],
    [profile(`filters: ["true"]\n${ban("1us")}`), "TST-RULE-WRONG-VALUE"],
    ["name: [", "TST-RULE-SYNTAX"],
    ["# nothing", "TST-RULE-EMPTY"]
  ])("ban for 4 h as without them when none works, and say so: %j", (text, code) => {
    const { profiles, problems } = compileProfiles([file(text)])
    expect(problems.map((problem) => problem.code)).toEqual([code, "TST-PROFILE-NONE"])
    expect(problems[1]).toMatchObject({ severity: "error", file: "/etc/testudo/profiles.yaml" })
    expect(problems[1]!.message).toContain("the default is used: ban for 4 h")
    expect(remediesFor(profiles, exampleOverflow())).toEqual(
      remediesFor(compileProfiles([]).profiles, exampleOverflow())
    )
  })
})

describe("profiles that look back", () => {
  const earlier = new DecisionHistory()
  for (const [id, hoursAgo] of [
    ["a", 30],
    ["b", 3],
    ["c", 1]
  ] as const) {
    const from = start - hoursAgo * 3_600_000
    earlier.add(id, { scope: "Ip", value: "203.0.113.7", from: time(from), until: time(from + 4 * 3_600_000) })
  }
  const view = { decisions: earlier.at(start) }
  const told = (expression: string): string | undefined => {
    const text = profile(`filters: ["true"]\n${ban("1h")}duration_expr: ${JSON.stringify(expression)}\n`)
    const { profiles, problems } = compileProfiles([file(text)])
    expect(problems).toEqual([])
    return remediesFor(profiles, exampleOverflow(), view)[0]?.duration
  }

  it("know the decisions of before, and the detection time as now", () => {
    expect(told("Sprintf('%dh', (GetDecisionsCount(Alert.GetValue()) + 1) * 4)")).toBe("16h")
    expect(told("Sprintf('%dm', GetActiveDecisionsCount(Alert.GetValue()))")).toBe("2m")
    expect(told("Sprintf('%dm', GetDecisionsSinceCount(Alert.GetValue(), '24h'))")).toBe("2m")
    expect(told("Sprintf('%dm', GetDecisionsSinceCount(Alert.GetValue(), '7d'))")).toBe("3m")
    expect(told("(GetActiveDecisionsTimeLeft(Alert.GetValue()) + duration('1h')).String()")).toBe("4h0m0s")
    expect(told("GetActiveDecisionsTimeLeft(Alert.GetValue()) > duration('2h') ? '9h' : '8h'")).toBe("9h")
    expect(told("TimeNow() == '2026-11-22T07:00:00Z' ? '5h' : '6h'")).toBe("5h")
  })

  it("are told of a span and a format that give nothing, and go on", () => {
    const of = (filter: string, expression: string) => {
      const text = `name: a\nfilters: ['${filter}']\n${ban("1h")}duration_expr: ${expression}\n`
      const { profiles, problems } = compileProfiles([file(text)])
      return [remediesFor(profiles, exampleOverflow(), view), problems.map(({ message }) => message)]
    }
    const hour = [expect.objectContaining({ duration: "1h" })]
    expect(of(`GetDecisionsSinceCount(Alert.GetValue(), "30min") <= 3`, "Sprintf('%dm', 90)")).toEqual([
      [expect.objectContaining({ duration: "90m" })],
      ["`filters[0]`: `30min` is no duration, so nothing is counted; write one such as 30m, 24h or 7d"]
    ])
    expect(of("true", "Sprintf('%dh', 4 * 3 ^ GetDecisionsCount(Alert.GetValue()))")).toEqual([
      hour,
      [
        "`duration_expr`: it gives `%!d(float64=4)h`, which is no duration, so `duration` counts; %d takes a whole number, such as int(…)"
      ]
    ])
    expect(of("true", "Sprintf('%dh', int(4 * 3 ^ GetDecisionsCount(Alert.GetValue())))")).toEqual([
      [expect.objectContaining({ duration: "108h" })],
      []
    ])
  })

  it("are the only ones that may", () => {
    expect(() => evaluate("GetDecisionsCount('203.0.113.7')")).toThrow(/only profiles may ask/)
  })

  it("may name data files", () => {
    const data = { ...emptyContext.files, lines: (name: string) => (name === "vips" ? ["203.0.113.7"] : undefined) }
    const text = profile(`filters: ["Alert.GetValue() not in File('vips')"]\n${ban("1h")}`)
    expect(remediesFor(compileProfiles([file(text)], data).profiles, exampleOverflow())).toEqual([])
  })
})
