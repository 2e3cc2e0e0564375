/** Values keep their types where an expression puts them among others. */
import { expect, it } from "vitest"
import { KeptFields } from "../text/fields.ts"
import { EvaluationError } from "./error.ts"
import { evaluate, exampleEvent } from "./example.fixture.ts"

const source = {
  IP: "192.0.2.1",
  Range: "",
  AsNumber: "",
  AsName: "",
  Cn: "",
  Latitude: 1,
  Longitude: 0,
  Scope: "Ip",
  Value: "192.0.2.1"
}

const event = exampleEvent()
const evt = {
  ...event,
  Overflow: { ...event.Overflow, Sources: new Map([["192.0.2.1", source]]) },
  Meta: new KeptFields("Meta", [["word", "a"]])
}

it.each([
  [`any(values(evt.Overflow.Sources), #.IP == "192.0.2.1")`, true],
  [`toPairs(evt.Overflow.Sources)[0][1].GetScope()`, "Ip"],
  [`get(evt.Overflow.Sources, "192.0.2.1").IP`, "192.0.2.1"],
  [`get(evt.Overflow.Sources, "192.0.2.9") == nil`, true],
  [`[evt, 1][0].Meta.word`, "a"],
  [`concat([evt], [evt])[1].Overflow.Sources["192.0.2.1"].Scope`, "Ip"],
  [`{e: evt}.e.Meta.word`, "a"],
  [`(evt.Meta.word == "a" ? evt : 1).Meta.word`, "a"],
  [`(evt.Unmarshaled.x ?? evt.Overflow).Sources["192.0.2.9"].Value`, ""],
  [`reduce([evt, evt], {#acc.Meta.word == "a" ? # : #acc}).Meta.word`, "a"],
  // A text that is not there reads as "", however one comes to the map.
  [`{m: evt.Meta}.m.nothing`, ""],
  [`[evt.Line.Labels, 1][0].nothing`, ""],
  // But get tells what is not there.
  [`get(evt.Line.Labels, "nothing") == nil && get(evt.Meta, "nothing") == nil`, true],
  [`get(evt.Meta, "word") + get({a: "b"}, "a")`, "ab"],
  [`get(evt.Meta, evt.Unmarshaled.nothing) == nil && evt.Meta[evt.Unmarshaled.nothing] == ""`, true],
  [`evt.Unmarshaled[evt.Unmarshaled.nothing] == nil && {m: {a: 1}}.m[evt.Unmarshaled.nothing] == nil`, true],
  [`get([evt], 5)?.Meta`, undefined]
])("%s", (text, value) => {
  expect(evaluate(text, evt)).toEqual(value)
})

it("gives a function nothing that its type does not tell", () => {
  expect(() => evaluate(`Match(get(evt.Meta, evt.Unmarshaled.nothing), "a")`, evt)).toThrow(EvaluationError)
  expect(() => evaluate(`bitxor([1, 2][{n: Atof("NaN")}.n], 1)`, evt)).toThrow(EvaluationError)
  expect(() => evaluate("[evt, 1][0].Nothing", evt)).toThrow("Event has no member Nothing")
})
