import fc from "fast-check"
import { expect, test } from "vitest"
import { LiteralIndex } from "./literal-index.ts"

const found = (literals: ReadonlyArray<string>, subject: string): ReadonlyArray<string> | "all" => {
  const index = LiteralIndex.of(literals.map((text, number) => ({ text, number })))!
  const bits = new Uint32Array(Math.ceil(literals.length / 32))
  if (!index.scan(subject, bits)) return "all"
  return literals.filter((_, number) => (bits[number >>> 5]! >>> (number & 31)) & 1)
}

test("finds overlapping literals whatever the case of ASCII letters", () => {
  expect(found(["he", "SHE", "his", "hers"], "uSHErs")).toEqual(["he", "SHE", "hers"])
  expect(found(["/.git/", "/.env"], "/a/.ENV?x")).toEqual(["/.env"])
  expect(found(["abc"], "ab")).toEqual([])
})

test("text beyond ASCII holds everything, for a folded letter may be any", () => {
  expect(found(["class"], "/claſs")).toBe("all")
  expect(found(["kill"], "\u212aill")).toBe("all")
  expect(found(["ſ", "a"], "sa")).toEqual(["a"])
})

const letter = fc.constantFrom("a", "B", "b", "A", "/", "%")
const text = (least: number) => fc.array(letter, { minLength: least, maxLength: 6 }).map((all) => all.join(""))

test("finds what includes finds", () => {
  fc.assert(
    fc.property(fc.uniqueArray(text(1), { minLength: 1, maxLength: 40 }), text(0), text(0), (literals, one, other) => {
      const subject = one + other
      const lower = subject.toLowerCase()
      expect(found(literals, subject)).toEqual(literals.filter((each) => lower.includes(each.toLowerCase())))
    })
  )
})

test("an index without literals finds nothing", () => {
  expect(found([], "anything")).toEqual([])
})

test("too many literals get no index", () => {
  const many = Array.from({ length: 120_000 }, (_, at) => ({ text: `${at}-${at * 7}-${at * 13}`, number: 0 }))
  expect(LiteralIndex.of(many)).toBeUndefined()
})
