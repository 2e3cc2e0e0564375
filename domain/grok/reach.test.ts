import { describe, expect, it } from "vitest"
import { compilePattern } from "./pattern.ts"
import { PatternError } from "./pattern-error.ts"
import { longestReach } from "./reach.ts"

const words = (count: number): string => Array.from({ length: count }, (_, n) => `${n.toString(36)}!`).join("|")

describe("a pattern's reach", () => {
  it.each([
    '^(\\S+) - (\\S+) \\[([^\\]]+)\\] "(\\S+) (.*?) HTTP/([0-9.]+)" ([0-9]+) ([0-9]+)',
    "(?i)^[a-f0-9]{64}$",
    `(?:${words(60)})`,
    ".*?,".repeat(60)
  ])("is all that any pattern sees, for %s", (source) => {
    expect(compilePattern(source).reach).toBe(longestReach)
  })

  it.each([
    ["loops", ".*?,".repeat(130)],
    ["counted repetitions", "[ab]{900}"],
    ["characters that may be missing", "\\S{20,300}\\w"],
    ["characters of any kind", "a.{200}b"],
    ["characters of sets that have some in common", "(?s).{100}[^,]{100}!"],
    ["counted repetitions within each other", "(?:(?:(?:[a-z]-){8}){8}){8}x"],
    ["rounds of loops that may be missing", "^(?:\\w*.*\\S){0,36}"],
    ["rounds of one loop that may be missing", "(?:[^,]*,){0,64}[xy]"],
    ["rounds of words", "(?:\\w+\\s?){0,60}[xy]"],
    ["parts with loops that may be missing", `${"(?:\\w*.*\\S)?".repeat(44)}[xy]`],
    ["the same character in a row", "a".repeat(900)],
    ["alternatives", `(?:${words(900)})`],
    ["parts that may be missing", Array.from({ length: 900 }, (_, n) => `(?:<${n}>)?`).join("")]
  ])("shrinks with many %s", (_, source) => {
    const { reach } = compilePattern(source)
    expect(reach).toBeGreaterThan(200)
    expect(reach).toBeLessThan(longestReach / 2 + 100)
  })

  it("counts the rounds of a group that may be missing: they take as long as what is in them", () => {
    const exactly = compilePattern("^(?:\\w*.*\\S){30}").reach
    expect(compilePattern("^(?:\\w*.*\\S){0,30}").reach).toBeLessThan(0.8 * exactly)
    expect(compilePattern("^(?:\\w*.*\\S){0,12}").reach).toBe(longestReach)
    expect(compilePattern("(?:[0-9a-f]{1,4}:){1,7}").reach).toBe(longestReach)
  })

  it("is as long as it was where few characters may be missing, or only at one place", () => {
    for (const source of ["^[a-z]{2,9}$", "\\d{1,3}(?:\\.\\d{1,3}){3}", "[a-f0-9]{8}-[a-f0-9]{4}", "^\\S{1,16} .{10}!"])
      expect(compilePattern(source).reach).toBe(longestReach)
  })

  it("counts a row that stands behind a word for as many matches as words can end within it", () => {
    expect(compilePattern("(?i)\\bselect\\b.{0,200}\\bfrom\\b").reach).toBe(longestReach)
    expect(compilePattern("(?i)\\bs.{0,200}\\bfrom\\b").reach).toBeLessThan(longestReach / 2)
    expect(compilePattern("(?:select.{0,200}from)+").reach).toBeLessThan(longestReach / 2)
  })

  it("does not suffer from large sets: the automaton takes them as fast as small ones", () => {
    for (const source of ["\\pL+$", "^\\w*?\\pL{2,9}$", "\\p{Greek}{2,20}!", "[\\pL\\d]{1,30}@"])
      expect(compilePattern(source).reach).toBe(longestReach)
    expect(compilePattern("(\\pL{2,9})!").exec("x: ελληνικά! b")?.slice(0, 2)).toEqual(["ελληνικά!", "ελληνικά"])
  })

  it("is shorter where the automaton has to match", () => {
    const loops = ".*?,".repeat(50)
    expect(compilePattern(loops).reach).toBe(longestReach)
    expect(compilePattern(`(?m)^${loops}$`).reach).toBeLessThan(longestReach)
  })

  it("bounds what is matched, and nothing else", () => {
    const wide = compilePattern(`${"[^,]*,".repeat(130)}(end)`)
    const text = `${"x,".repeat(130)}end`
    expect(wide.exec(text)?.[1]).toBe("end")
    expect(wide.exec(`${text}${"y".repeat(20_000)}`)?.[1]).toBe("end")
    const padded = `${"x".repeat(wide.reach)},${text}`
    expect([wide.test(padded), wide.exec(padded)]).toEqual([false, null])
  })

  it.each([
    ["loops", ".*?,".repeat(3_000)],
    ["loops in loops in counted repetitions", "(?:x?(?:.*a){30}){30}"],
    ["states", `(?:${words(9_000)})`]
  ])("is nothing with far too many %s: the pattern is refused", (_, source) => {
    expect(() => compilePattern(source)).toThrow(PatternError)
    expect(() => compilePattern(source)).toThrow(/too large/)
  })
})
