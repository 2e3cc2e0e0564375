import * as fc from "fast-check"
import { expect, it } from "vitest"
import { watchedState } from "../projections/iterable-json.fixture.ts"
import { jsonPieces } from "./json-pieces.ts"

const joined = (value: unknown): string => [...jsonPieces(value)].join("")

it("gives together what JSON.stringify gives", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      expect(joined(value)).toBe(JSON.stringify(value))
    })
  )
  expect(joined({ a: undefined, b: [undefined, { c: undefined }], "\u2028": Number.NaN })).toBe(
    '{"b":[null,{}],"\u2028":null}'
  )
})

it.each([0, 1, 499, 500, 501, 1_000, 1_001])("writes a list of %d items", (length) => {
  const list = Array.from({ length }, (_, item) => [item, `${item}`])
  expect(joined({ list, after: 1 })).toBe(JSON.stringify({ list, after: 1 }))
})

it("asks for an item when its turn has come, and for a key's value after the one before it", () => {
  const { state, asked } = watchedState(1_200)
  const pieces = jsonPieces(state)[Symbol.iterator]()
  expect([pieces.next().value, asked]).toEqual(['{"list":', []])
  pieces.next()
  expect(asked.length).toBe(500)
  for (let next = pieces.next(); !next.done; next = pieces.next());
  expect(asked.at(-1)).toBe("after")
})
