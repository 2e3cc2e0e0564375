import { describe, expect, test } from "vitest"
import { makeEngine } from "../engine.ts"
import { batchOf, ruleFile } from "../recorded.fixture.ts"
import { compileRuleset } from "../ruleset.ts"

const day = "2026-01-01"

/** Who a session belongs to is known for ten seconds; the date is read in the next stage only. */
const reading = `
name: test/opens
onsuccess: next_stage
grok: {pattern: '^%{TIMESTAMP_ISO8601:stamp} %{WORD:session} opens %{WORD:user}', apply_on: Line.Raw}
stash: [{name: users, key: evt.Parsed.session, value: evt.Parsed.user, ttl: 10s, size: 100}]
---
name: test/fails
onsuccess: next_stage
grok: {pattern: '^%{TIMESTAMP_ISO8601:stamp} %{WORD:session} %{WORD:what}', apply_on: Line.Raw}
statics:
  - {meta: user, expression: "GetFromStash('users', evt.Parsed.session)"}
  - {meta: now, expression: "TimeNow()"}
`
const dating = `
name: test/dates
onsuccess: next_stage
statics:
  - {method: ParseDate, expression: evt.Parsed.stamp}
  - {target: MarshaledTime, expression: evt.Enriched.MarshaledTime}
`
const failing = `
type: trigger
name: test/failing
description: t
filter: "evt.Parsed.what == 'fails'"
groupby: evt.Meta.user
scope: {type: User, expression: "evt.Meta.user + ' at ' + evt.Meta.now"}
labels: {}
`

const usersOf = (lines: ReadonlyArray<string>, { live }: { readonly live: boolean }): ReadonlyArray<string> => {
  const parser = (stage: string, text: string) => ruleFile("parsers", `parsers/${stage}/test/p.yaml`, text)
  const { ruleset, problems } = compileRuleset(
    [
      parser("s00-raw", reading),
      parser("s01-parse", dating),
      ruleFile("scenarios", "scenarios/test/failing.yaml", failing)
    ],
    { names: "off" }
  )
  expect(problems).toEqual([])
  const batch = batchOf({ observedAt: `${day}T12:00:00Z`, time: live ? "observed" : "own" })
  return makeEngine(ruleset)
    .pour(batch, lines)
    .flatMap((each) => (each._tag === "Overflow" ? each.overflow.source.value : []))
}

/** Two lines of each session in one second, and a minute between sessions. */
const sessions = Array.from({ length: 4 }, (_, minute) => [
  `${day}T10:0${minute}:30Z s${minute} opens bob`,
  `${day}T10:0${minute}:30Z s${minute} fails`
]).flat()

const bobs = [0, 1, 2, 3].map((minute) => `bob at ${day}T10:0${minute}:30Z`)

describe("what a parser asks for before the date of the line is read", () => {
  test("goes by the line's own time in a log of the past", () => {
    expect(usersOf(sessions, { live: false })).toEqual(bobs)
  })

  test("and in a live log whose lines have waited", () => {
    expect(usersOf(sessions, { live: true })).toEqual(bobs)
  })

  test("is over when the line says so, however late the one before it was", () => {
    const lines = [`${day}T10:00:00Z s opens bob`, `${day}T10:00:09Z s fails`, `${day}T10:00:11Z s fails`]
    for (const live of [false, true])
      expect(usersOf(lines, { live })).toEqual([`bob at ${day}T10:00:09Z`, ` at ${day}T10:00:11Z`])
  })
})
