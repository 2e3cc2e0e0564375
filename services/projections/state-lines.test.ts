import * as fc from "fast-check"
import { expect, it } from "vitest"
import { watchedState } from "./iterable-json.fixture.ts"
import { StateReader, stateLines } from "./state-lines.ts"

const read = (lines: Iterable<string>): unknown => {
  const reader = new StateReader()
  for (const line of lines) reader.add(line)
  return reader.state
}

it("gives back what JSON gives back", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (state) => {
      expect(JSON.stringify(read(stateLines(state)))).toBe(JSON.stringify(state))
    })
  )
  const odd = { a: undefined, b: [undefined, { c: undefined }], "\u2028": Number.NaN, d: [], e: {} }
  expect(read(stateLines(odd))).toEqual({ b: [null, {}], "\u2028": null, d: [], e: {} })
})

it("takes __proto__ for a key like any other", () => {
  const state = JSON.parse('{"__proto__":{"a":[1]},"b":{"__proto__":2}}')
  expect(JSON.stringify(read(stateLines(state)))).toBe('{"__proto__":{"a":[1]},"b":{"__proto__":2}}')
  expect(({} as { a?: unknown }).a).toBeUndefined()
})

it.each([0, 1, 499, 500, 501, 1_000, 1_001])("tells a list of %d items", (length) => {
  const list = Array.from({ length }, (_, item) => [item, `${item}`])
  expect(read(stateLines({ list: new Set(list), after: 1 }))).toEqual({ list, after: 1 })
})

it("asks for an item when its turn has come, and for a key's value after the one before it", () => {
  const { state, asked } = watchedState(1_200)
  const lines = stateLines(state)[Symbol.iterator]()
  const [object, begun] = [lines.next().value, lines.next().value]
  expect([object, begun, asked]).toEqual(['{"at":[],"is":{}}', '{"at":["list"],"items":[]}', []])
  lines.next()
  expect(asked.length).toBe(500)
  for (let next = lines.next(); !next.done; next = lines.next());
  expect(asked.at(-1)).toBe("after")
})

it.each(["", "7", '{"at":["a"],"is":1}', '{"at":[],"items":[1]}', '{"at":["__proto__","a"],"is":1}', "{}"])(
  "refuses %s as the first line",
  (line) => {
    expect(() => new StateReader().add(line)).toThrow()
  }
)
