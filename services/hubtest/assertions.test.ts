import { expect, test } from "vitest"
import { exampleEvent } from "../../domain/expression/example.fixture.ts"
import { Float } from "../../domain/expression/float.ts"
import { KeptFields } from "../../domain/text/fields.ts"
import { evaluateAssertions } from "./assertions.ts"

const parsers = () => {
  const Evt = exampleEvent({
    Parsed: new KeptFields("Parsed", [["a key", "x"]]),
    Meta: new KeptFields("Meta", [
      ["service", "ssh"],
      ["datasource_path", "/some/where/auth.log"]
    ]),
    Unmarshaled: new Map([["ratio", new Float(0.5)]])
  })
  return new Map([["s01-parse", new Map([["me/sshd", [{ Idx: 0, Success: true, Evt }]]])]])
}
const event = 'results["s01-parse"]["me/sshd"][0]'

const parser = (...lines: ReadonlyArray<string>) => evaluateAssertions("parser", lines.join("\n"), parsers())

test("true assertions are counted, empty lines are not", () => {
  expect(parser("len(results) == 1", "", "  ", `${event}.Success == true`, "")).toEqual({
    count: 2,
    failed: [],
    tolerated: []
  })
})

test("a false one names line, text, what was expected and what there is", () => {
  expect(parser("len(results) == 1", "", `${event}.Evt.Meta["service"] == "http"`).failed).toEqual([
    { line: 3, assertion: `${event}.Evt.Meta["service"] == "http"`, expected: '"http"', got: '"ssh"' }
  ])
  const difference = (line: string) => parser(line).failed.map(({ expected, got }) => [expected, got])
  expect(difference("len(results) == 3")).toEqual([["3", "1"]])
  expect(difference("len(results) > 3")).toEqual([["> 3", "1"]])
  expect(difference(`FloatApproxEqual(${event}.Evt.Unmarshaled["ratio"], 0.75)`)).toEqual([["about 0.75", "0.5"]])
  expect(difference(`"x" in ["y", "z"]`)).toEqual([['"x" among them', '["y", "z"]']])
  expect(difference(`not ${event}.Success`)).toEqual([["true", "false"]])
})

test("of a log's path the name alone counts", () => {
  expect(parser(`${event}.Evt.Meta["datasource_path"] == "auth.log"`).failed).toEqual([])
  expect(parser(`basename(${event}.Evt.Meta["datasource_path"]) == "auth.log"`).failed).toEqual([])
  expect(parser(`${event}.Evt.Meta["datasource_path"] == "other.log"`).failed).toMatchObject([{ got: '"auth.log"' }])
})

test("one that cannot be evaluated fails and ends its file", () => {
  const after = "len(results) == 7"
  for (const [line, got] of [
    ["len(results", /^/],
    [`results["s01-parse"]["me/sshd"][4].Success == true`, /4/],
    [`${event}.Evt.Meta["service"]`, /bool/],
    ["lenght(results) == 1", /lenght/]
  ] as const) {
    const { count, failed } = parser(line, after)
    expect(count).toBe(1)
    expect(failed).toHaveLength(1)
    expect(failed[0]!.got).toMatch(got)
  }
})

test("what CrowdSec lets pass is tolerated: scenarios' lines without ==, and a left side that cannot stand alone", () => {
  const alert = { Overflow: { GetSources: () => ["192.0.2.1"] } }
  const scenario = (line: string, strict = false) =>
    evaluateAssertions("scenario", line, [exampleEvent(alert as never)], strict)
  const other = '"192.0.2.9" in results[0].Overflow.GetSources()'
  expect(scenario(other)).toMatchObject({ count: 1, failed: [], tolerated: [{ got: '["192.0.2.1"]' }] })
  expect(scenario(other, true)).toMatchObject({ failed: [{ line: 1 }], tolerated: [] })
  expect(scenario("len(results) == 2")).toMatchObject({ failed: [{ got: "1" }], tolerated: [] })
  // The text left of == is cut at the space, and `key"]` is no expression.
  const spaced = `${event}.Evt.Parsed["a key"] == "y"`
  expect(parser(spaced)).toMatchObject({ failed: [], tolerated: [{ expected: '"y"', got: '"x"' }] })
  // A parser's line counts also without ==.
  expect(parser(`"x" in ["y"]`)).toMatchObject({ failed: [{ line: 1 }], tolerated: [] })
})
