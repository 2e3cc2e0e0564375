import fc from "fast-check"
import { expect, test } from "vitest"
import { LiteralIndex } from "./literal-index.ts"

const found = (literals: ReadonlyArray<string>, subject: string): ReadonlyArray<string> => {
  const index = LiteralIndex.of(literals.map((text, number) => ({ text, number })))!
  const bits = new Uint32Array(Math.ceil(literals.length / 32))
  index.scan(subject, bits)
  return literals.filter((_, number) => (bits[number >>> 5]! >>> (number & 31)) & 1)
}

test("finds overlapping literals whatever the case of ASCII letters", () => {
  expect(found(["he", "SHE", "his", "hers"], "uSHErs")).toEqual(["he", "SHE", "hers"])
  expect(found(["/.git/", "/.env"], "/a/.ENV?x")).toEqual(["/.env"])
  expect(found(["abc"], "ab")).toEqual([])
})

test("letters whose case folds into ASCII count as those", () => {
  expect(found(["class", "claps"], "/claſs")).toEqual(["class"])
  expect(found(["kill", "ill", "fill"], "\u212aill")).toEqual(["kill", "ill"])
  expect(found(["wiki"], "W\u0131K\u0130")).toEqual(["wiki"])
  expect(found(["caf", "fé", "a"], "cafe")).toEqual(["caf", "a"])
})

test("text beyond ASCII may hold every literal beyond ASCII", () => {
  expect(found(["ſ", "a"], "sa")).toEqual(["a"])
  expect(found(["ſ", "é", "a", "b"], "\u00eba")).toEqual(["ſ", "é", "a"])
})

const letter = fc.constantFrom("a", "S", "s", "A", "/", "%")
const text = (least: number) => fc.array(letter, { minLength: least, maxLength: 6 }).map((all) => all.join(""))

test("finds what includes finds", () => {
  fc.assert(
    fc.property(fc.uniqueArray(text(1), { minLength: 1, maxLength: 40 }), text(0), text(0), (literals, one, other) => {
      const subject = one + other
      const lower = subject.toLowerCase()
      const included = literals.filter((each) => lower.includes(each.toLowerCase()))
      expect(found(literals, subject)).toEqual(included)
      expect(found(literals, subject.replaceAll("s", "ſ").replaceAll("%", "%é"))).toEqual(
        literals.filter((each) => lower.replaceAll("%", "%é").includes(each.toLowerCase()))
      )
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
