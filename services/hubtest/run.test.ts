import { rmSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, test } from "vitest"
import { assertions, bruteForce, door, plain, put, root, runOne, testOf } from "./door.fixture.ts"
import { passed } from "./run.ts"

describe("a test", () => {
  test("passes when its assertions hold; unknown keys and empty names are let pass", async () => {
    testOf("door", plain)
    expect(await runOne()).toMatchObject({ test: "door", problems: [], failures: [], tolerated: [], assertions: 4 })
  })

  test("fails with file and line of the assertion", async () => {
    testOf("door", plain, { ...assertions, "scenario.assert": "\nlen(results) == 4\n" })
    const result = await runOne()
    expect(passed(result)).toBe(false)
    expect(result.failures).toEqual([
      {
        file: join(root, "tests/door/scenario.assert"),
        line: 2,
        assertion: "len(results) == 4",
        expected: "4",
        got: "1"
      }
    ])
  })

  test("fails for every false assertion, those too that CrowdSec lets pass, but for the known exception", async () => {
    const other = { ...assertions, "scenario.assert": '"192.0.2.9" in results[0].Overflow.GetSources()\n' }
    testOf("door", plain, other)
    expect(await runOne()).toMatchObject({ failures: [{ line: 1, got: '["192.0.2.1"]' }], tolerated: [] })
    rmSync(join(root, "tests/door"), { recursive: true })
    testOf("postfix-honeypot-users", plain, other)
    expect(await runOne()).toMatchObject({ failures: [], tolerated: [{ line: 1 }] })
    expect(await runOne({ strict: true })).toMatchObject({ failures: [{ line: 1 }], tolerated: [] })
  })

  test("with ignore_parsers leaves the parsers' assertions alone, and without scenarios theirs", async () => {
    testOf("door", plain.replace("ignore_parsers: false", "ignore_parsers: true"), {
      "parser.assert": "len(results) == 99",
      "scenario.assert": "len(results) == 1"
    })
    expect(await runOne()).toMatchObject({ failures: [], problems: [], assertions: 1 })
    testOf("door", plain.replace("scenarios: [me/door-bf]", ""), {
      "parser.assert": "len(results) == 2",
      "scenario.assert": "len(results) == 99"
    })
    expect(await runOne()).toMatchObject({ failures: [], problems: [], assertions: 1 })
  })

  test("counts the stage to which a line came, though the node that took it kept it where it was", async () => {
    put("hub/parsers/s01-parse/me/door-logs.yaml", door.replace("onsuccess: next_stage\n", ""))
    put("hub/parsers/s02-enrich/me/door-names.yaml", door.replace("door-logs", "door-names"))
    testOf("door", plain.replace("[me/door-logs]", "[me/door-logs, me/door-names]"), {
      "parser.assert": 'len(results) == 3\nlen(results["s02-enrich"]) == 0\n',
      "scenario.assert": "len(results) == 0\n"
    })
    expect(await runOne()).toMatchObject({ failures: [], problems: [], assertions: 3 })
  })

  test("without an assertion proves nothing, and does not pass", async () => {
    testOf("door", plain, { "scenario.assert": "\n" })
    expect((await runOne()).problems).toMatchObject([
      { code: "TST-HUBTEST-NO-ASSERTION", file: join(root, "tests/door/parser.assert") },
      { code: "TST-HUBTEST-NO-ASSERTION", file: join(root, "tests/door/scenario.assert") }
    ])
  })

  test("that asks about nothing does not pass, nor is anything written for it", async () => {
    const config = plain.replace("[me/door-bf]", "[]").replace("ignore_parsers: false", "ignore_parsers: true")
    testOf("door", config, {})
    for (const update of [false, true]) {
      expect(await runOne({ update })).toMatchObject({
        problems: [{ code: "TST-HUBTEST-NO-ASSERTION", file: join(root, "tests/door/config.yaml") }],
        updated: []
      })
    }
  })

  test("lets a parser before all others write what override_statics says, and gives labels", async () => {
    const statics = "override_statics: [{ target: evt.Line.Labels.type, value: door }]\nlabels: { floor: 3 }\n"
    const config = plain
      .replace("log_type: door", "log_type: window")
      .replace("[me/door-logs]", "[me/raw, me/door-logs]")
    testOf("door", `${config}${statics}`, {
      ...assertions,
      "parser.assert": 'results["s01-parse"]["me/door-logs"][0].Evt.Line.Labels["floor"] == "3"'
    })
    put(
      "hub/parsers/s00-raw/me/raw.yaml",
      "name: me/raw\nfilter: 1 == 1\nonsuccess: next_stage\nstatics: [{ parsed: raw, value: seen }]\n"
    )
    expect(await runOne()).toMatchObject({ problems: [], failures: [] })
  })

  test("puts a time stamp without a year in the year of the time that it is given, as CrowdSec does", async () => {
    const dated = (time: string) => `
name: me/dated
filter: "evt.Line.Labels.type == 'door'"
statics:
  - { method: ParseDate, value: "${time}" }
  - { target: MarshaledTime, expression: evt.Enriched.MarshaledTime }
`
    const config = plain.replace("parsers: [me/door-logs]", "parsers: [me/dated]").replace("[me/door-bf]", "[]")
    for (const [time, stamp] of [
      ["Jan  1 00:00:00", "2024-01-01T00:00:00Z"],
      ["Dec 31 23:59:59", "2024-12-31T23:59:59Z"]
    ] as const) {
      put("hub/parsers/s00-raw/me/dated.yaml", dated(time))
      testOf("door", config, {
        "parser.assert": `results["s00-raw"]["me/dated"][0].Evt.MarshaledTime == "${stamp}"`
      })
      for (const given of ["2024-01-01T00:00:00Z", "2024-06-15T00:00:00Z", "2024-12-31T23:59:59Z"])
        expect(await runOne({ now: Date.parse(given) })).toMatchObject({ problems: [], failures: [] })
    }
  })
})

describe("time", () => {
  const dated = (stamps: ReadonlyArray<string>): string => stamps.map((stamp) => `${stamp} 192.0.2.1 knocks\n`).join("")
  const untimed = door.replaceAll("%{TIMESTAMP_ISO8601:stamp}", "%{NOTSPACE:stamp}")
  const scenarios = plain.replace("ignore_parsers: false", "ignore_parsers: true")

  test("is that of the lines, be it in the future, as in CrowdSec's tests", async () => {
    const far = ["2031-01-01T00:00:00Z", "2031-01-01T10:00:00Z", "2031-01-01T20:00:00Z"]
    testOf("door", scenarios, { "door.log": dated(far), "scenario.assert": "len(results) == 0\n" })
    expect(await runOne()).toMatchObject({ problems: [], failures: [] })
  })

  test("is what the test sees as now where a date cannot be read", async () => {
    put(
      "hub/parsers/s01-parse/me/door-logs.yaml",
      untimed
        .replace("  - target: MarshaledTime\n", "  - method: ParseDate\n    expression: evt.StrTime\n$&")
        .replace(/(MarshaledTime\n {4}expression: ).*/, "$1evt.Enriched.MarshaledTime")
    )
    testOf("door", plain, {
      "door.log": dated(["yesterday"]),
      "parser.assert": 'results["s01-parse"]["me/door-logs"][0].Evt.MarshaledTime == "2026-06-01T00:00:00Z"\n',
      "scenario.assert": "len(results) == 0\n"
    })
    expect(await runOne()).toMatchObject({ problems: [], failures: [] })
  })

  test("of stashes and TimeNow is what the test sees as now, whatever the lines say, as in CrowdSec's tests", async () => {
    const dated = `${door}  - method: ParseDate
    expression: evt.StrTime
  - meta: before
    expression: GetFromStash('seen', evt.Parsed.ip)
  - meta: now
    expression: TimeNow()
nodes:
  - stash:
      - { name: seen, key: evt.Parsed.ip, value: evt.Parsed.stamp, ttl: 1s }
    statics: [{ meta: any, value: thing }]
`
    put("hub/parsers/s01-parse/me/door-logs.yaml", dated)
    const place = (index: number) => `results["s01-parse"]["me/door-logs"][${index}].Evt.Meta`
    testOf("door", plain.replace("[me/door-bf]", "[]"), {
      "parser.assert": `${place(3)}["before"] == "2026-01-01T00:00:03Z"\n${place(3)}["now"] startsWith "2026-06-01" == true\n`
    })
    expect(await runOne()).toMatchObject({ problems: [], failures: [] })
  })

  test("that nothing tells keeps a line out of all buckets but triggers, as in CrowdSec's tests", async () => {
    put("hub/parsers/s01-parse/me/door-logs.yaml", untimed)
    put(
      "hub/scenarios/me/knock.yaml",
      bruteForce("me/knock")
        .replace("leaky", "trigger")
        .replace(/(capacity|leakspeed).*/g, "")
    )
    testOf("door", scenarios.replace("me/door-bf", "me/door-bf, me/knock"), {
      "door.log": dated(["once", "once", "once"]),
      "scenario.assert": 'len(results) == 3\nresults[0].Overflow.Alert.GetScenario() == "me/knock"\n'
    })
    expect(await runOne()).toMatchObject({ problems: [], failures: [] })
  })
})
