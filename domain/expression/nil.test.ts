/** Lists and maps that functions give where a line lacks what they ask for: nil, and yet empty. */
import { describe, expect, it } from "vitest"
import { builtins } from "./builtins/catalogue.ts"
import { eventEnvironment } from "./environment/event.ts"
import { exampleEvent } from "./example.fixture.ts"
import { compileExpression, EvaluationError, ExpressionError } from "./expression.ts"
import { crowdsecFunctions } from "./functions/catalogue.ts"

const evt = exampleEvent()
const evaluate = (text: string): unknown => compileExpression(text, { environment: eventEnvironment }).evaluate({ evt })

const list = `JsonExtractSlice(evt.Line.Raw, "nothing")`
const map = `JsonExtractObject(evt.Line.Raw, "nothing")`
const values = `ParseUri(evt.Line.Raw)["nothing"]`

describe("a list or map that is nil", () => {
  // As CrowdSec 1.4.6 has it, where it knows the function.
  it.each([
    `${list} == nil && ${map} == nil && ${values} == nil`,
    `len(${list}) == 0 && len(${map}) == 0 && len(${values}) == 0`,
    `not any(${list}, {true}) && all(${list}, {false}) && none(${list}, {true})`,
    `filter(${list}, {true}) == [] && map(${list}, {#}) == [] && count(${list}, {true}) == 0`,
    `${map}.x == nil && ${map}["x"] == nil && ${map}?.x == nil && ${map}[evt.Line.Raw] == nil`,
    `"x" not in ${map} && "x" not in ${list}`,
    `${list}[0:1] == nil && len(${list}[0:1]) == 0`,
    `(${list} ?? ["other"]) == ["other"]`,
    `Distinct(${list}) == [] && Flatten(${list}, [1]) == [1] && concat(${list}, [1]) == [1]`,
    `Join(${values}, ",") == "" && Get(${values}, 0) == "" && not KeyExists("x", ${map})`,
    `keys(${map}) == [] && first(${list}) == nil && sort(${list}) == []`
  ])("%s", (text) => {
    expect(evaluate(text)).toBe(true)
  })

  it.each([`${list}[0] == 1`, `${map}.x.y == nil`, `${values}[0] == "x"`, "any(evt.Unmarshaled.x, {true})"])(
    "%s fails",
    (text) => {
      expect(() => evaluate(text)).toThrow(EvaluationError)
    }
  )
})

it("nil never makes a function fail in another way than a value that it cannot use", { timeout: 60_000 }, () => {
  const nils = [
    list,
    map,
    values,
    "GeoIPEnrich(evt.Line.Raw)",
    "evt.Unmarshaled.x",
    "evt.Overflow.Alert",
    "nil",
    "[nil]"
  ]
  const others = ["evt.Line.Raw", "1", `["a"]`, `{"a": 1}`, `duration("1s")`, "1.5"]
  const fine = (text: string): void => {
    try {
      evaluate(text)
    } catch (error) {
      if (error instanceof EvaluationError || error instanceof ExpressionError) return
      throw new Error(`${text}: ${error}`)
    }
  }
  for (const name of [...crowdsecFunctions.keys(), ...builtins.keys()]) {
    for (const nil of nils) {
      fine(`${name}(${nil})`)
      for (const one of others) {
        fine(`${name}(${nil}, ${one})`)
        fine(`${name}(${one}, ${nil})`)
        for (const two of others) {
          fine(`${name}(${nil}, ${one}, ${two})`)
          fine(`${name}(${one}, ${nil}, ${two})`)
          fine(`${name}(${one}, ${two}, ${nil})`)
        }
      }
    }
  }
})
