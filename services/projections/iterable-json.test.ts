import { expect, it } from "vitest"
import { gathered } from "./iterable-json.ts"

it("gathers small pieces, in order, into such that have a length", () => {
  expect([...gathered(["a", "bc", "d", "efgh", "", "i"], 3)]).toEqual(["abc", "defgh", "i"])
  expect([...gathered([], 3)]).toEqual([])
})
