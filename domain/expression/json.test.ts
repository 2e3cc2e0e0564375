import { describe, expect, it } from "vitest"
import { profileEnvironment } from "./environment/profile.ts"
import { EvaluationError } from "./error.ts"
import { evaluate, exampleEvent } from "./example.fixture.ts"
import { compileExpression } from "./expression.ts"
import { writeJson } from "./json.ts"
import { Time } from "./time.ts"
import { KeptFields } from "../text/fields.ts"

const source = {
  IP: "192.0.2.1",
  Range: "",
  AsNumber: "64500",
  AsName: "<Example>",
  Cn: "FR",
  Latitude: 48.5,
  Longitude: 0,
  Scope: "Ip",
  Value: "192.0.2.1"
}

const alert = {
  Scenario: "test/bf",
  ScenarioHash: "",
  ScenarioVersion: "1.0",
  Message: "m",
  Capacity: 5,
  EventsCount: 6,
  Leakspeed: "10s",
  StartAt: "2024-02-12T15:04:05Z",
  StopAt: "2024-02-12T15:04:06Z",
  Simulated: false,
  Remediation: true,
  Kind: "crowdsec",
  Meta: [],
  Source: source,
  Events: [{ Timestamp: "t", Meta: [{ Key: "k", Value: "" }], GetMeta: () => "" }],
  GetMeta: () => ""
}

const event = exampleEvent({
  Meta: new KeptFields("Meta", [["source_ip", "192.0.2.1"]]),
  Time: new Time(1_707_750_245_120_000_000n, 3600),
  Line: { Raw: "a<b", Src: "f", Time: new Time(0n), Labels: new Map([["type", "x"]]), Process: true, Module: "file" }
})

const sourceJson =
  '{"as_name":"\\u003cExample\\u003e","as_number":"64500","cn":"FR","ip":"192.0.2.1","latitude":48.5,"scope":"Ip","value":"192.0.2.1"}'

describe("JSON", () => {
  it.each([
    ["toJSON(evt.Time)", '"2024-02-12T16:04:05.12+01:00"'],
    [
      "ToJsonString({t: evt.Line.Time, d: duration('1h'), m: evt.Time.Month()})",
      '{"d":3600000000000,"m":2,"t":"1970-01-01T00:00:00Z"}'
    ],
    [
      "ToJsonString(evt.Line)",
      '{"Raw":"a\\u003cb","Src":"f","Time":"1970-01-01T00:00:00Z","Labels":{"type":"x"},"Process":true,"Module":"file"}'
    ],
    [
      "toJSON({a: [], b: [1, {c: {}}], 'x<': nil})",
      '{\n  "a": [],\n  "b": [\n    1,\n    {\n      "c": {}\n    }\n  ],\n  "x\\u003c": null\n}'
    ],
    ["toJSON([evt.Line][0]) == toJSON(evt.Line)", true],
    ["ToJsonString(evt.ParseIPSources())", '["192.0.2.1"]'],
    ["ToJsonString(evt.Overflow)", "{}"]
  ])("%s is written as Go does", (text, json) => {
    expect(evaluate(text, { ...event, ParseIPSources: () => ["192.0.2.1"] })).toBe(json)
  })

  it("has the names that CrowdSec gives to an event", () => {
    expect(Object.keys(JSON.parse(evaluate("ToJsonString(evt)", event) as string))).toEqual([
      "Line",
      "Alert",
      "Time",
      "Process",
      "Appsec",
      "Meta"
    ])
    const whitelisted = { ...event, Whitelisted: true, WhitelistReason: "own", ExpectMode: 1 }
    expect(evaluate("ToJsonString(evt)", whitelisted)).toMatch(
      /^{"ExpectMode":1,"Whitelisted":true,"whitelist_reason":"own","Line":{/
    )
  })

  it("has the names that CrowdSec gives to an alert and a source", () => {
    const of = (text: string) => compileExpression(text, { environment: profileEnvironment }).evaluate({ Alert: alert })
    expect(of("ToJsonString(Alert.Source)")).toBe(sourceJson)
    expect(of("ToJsonString(Alert)")).toBe(
      '{"capacity":5,"decisions":null,"events":[{"meta":[{"key":"k"}],"timestamp":"t"}],"events_count":6,"kind":"crowdsec",' +
        '"labels":null,"leakspeed":"10s","message":"m","remediation":true,"scenario":"test/bf","scenario_hash":"",' +
        `"scenario_version":"1.0","simulated":false,"source":${sourceJson},` +
        '"start_at":"2024-02-12T15:04:05Z","stop_at":"2024-02-12T15:04:06Z"}'
    )
    const Overflow = { ...event.Overflow, Mapkey: "k", Sources: new Map([["192.0.2.1", source]]) }
    expect(evaluate("ToJsonString(evt.Overflow)", { ...event, Overflow })).toBe(
      `{"MapKey":"k","Sources":{"192.0.2.1":${sourceJson}}}`
    )
    expect(evaluate("ToJsonString(evt.Overflow.Sources['192.0.2.1'])", { ...event, Overflow })).toBe(sourceJson)
  })

  it("cannot have everything", () => {
    for (const text of ["toJSON(timezone(evt.Line.Raw))", "toJSON(evt.Line.Time.AddDate(10000, 0, 0))"]) {
      const zone = { ...event, Line: { ...event.Line, Raw: "UTC" } }
      expect(() => evaluate(text, zone)).toThrow(EvaluationError)
    }
    expect(() => writeJson(new Map([[1, 2]]))).toThrow(EvaluationError)
    let deep: unknown = 1
    for (let at = 0; at < 100_000; at++) deep = [deep]
    for (const indent of ["", "  "]) expect(() => writeJson(deep, indent)).toThrow(EvaluationError)
  })
})
