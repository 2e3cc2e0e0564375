import * as fc from "fast-check"
import v8 from "node:v8"
import { describe, expect, it } from "vitest"
import { Automaton } from "./automaton.ts"
import { compilePattern } from "./pattern.ts"
import { PatternError } from "./pattern-error.ts"
import { parsePattern } from "./pattern-parser.ts"
import { translate } from "./translation.ts"

const groups = (source: string, text: string): ReadonlyArray<string> | undefined => {
  const found = compilePattern(source).exec(text)
  return found === null ? undefined : Array.from(found, (group) => group ?? "")
}

const problem = (source: string): PatternError => {
  try {
    compilePattern(source)
  } catch (error) {
    if (error instanceof PatternError) return error
    throw error
  }
  throw new Error(`${source} was accepted`)
}

describe("compilePattern", () => {
  it.each([
    // Flags.
    ["(?i)straße", "STRAßE", ["STRAßE"]],
    ["(?i)kelvin", "\u212aelvin", ["\u212aelvin"]],
    ["(?i)[^a-z]", "Ab\u017f1", ["1"]],
    ["(?i:a)b", "Ab", ["Ab"]],
    ["(?i:a)b", "AB", undefined],
    ["a(?i)b|c", "C", ["C"]],
    ["(a(?i)b)c", "aBC", undefined],
    ["(?i)σ", "ς", ["ς"]],
    [".", "\n", undefined],
    [".", "\r", ["\r"]],
    [".", "\u2028", ["\u2028"]],
    ["(?s).", "\n", ["\n"]],
    ["^b$", "a\nb", undefined],
    ["(?m)^b$", "a\nb\nc", ["b"]],
    ["(?m)^b$", "a\rb\rc", undefined],
    ["(?U)a+", "aaa", ["a"]],
    ["(?U)a+?", "aaa", ["aaa"]],
    ["(?-s:.)", "\n", undefined],
    // Classes.
    ["[]x]+", "x]", ["x]"]],
    ["[^]x]", "x]y", ["y"]],
    ["[a\\-z]+", "b-a", ["-a"]],
    ["[a-]+", "-a", ["-a"]],
    ["[[:alpha:]_]+", "1aZ_2", ["aZ_"]],
    ["[[:^alpha:]]", "a1", ["1"]],
    ["[[:word:]]+", "é_1", ["_1"]],
    ["\\s", "\v", undefined],
    ["\\s", "\u00a0", undefined],
    ["\\S+", "\u00a0\v", ["\u00a0\v"]],
    ["\\d", "\u0661", undefined],
    ["\\w+", "naïve", ["na"]],
    ["\\bé", "aé", ["é"]],
    ["\\pL+", "1ÀБ2", ["ÀБ"]],
    ["\\p{Greek}+", "aαβγ", ["αβγ"]],
    ["\\P{Lu}", "Ab", ["b"]],
    ["\\p{^Lu}", "Ab", ["b"]],
    ["[\\pN_]+", "a1_Ⅳ", ["1_Ⅳ"]],
    ["[^\\d\\s]+", "1 ab2", ["ab"]],
    ["[[a]+", "a[", ["a["]],
    // Escapes.
    ["\\Qa.b*\\E+", "a.b**", ["a.b**"]],
    ["\\Qa.b", "a.b", ["a.b"]],
    ["\\A\\x41\\x{42}\\103\\z", "ABC", ["ABC"]],
    ['\\_\\-\\:\\%\\"\\/', '_-:%"/', ['_-:%"/']],
    ["\\a\\f\\v\\0", "\x07\f\v\0", ["\x07\f\v\0"]],
    // Braces that are no counts stand for themselves.
    ["a{,2}", "a{,2}", ["a{,2}"]],
    ["{a}", "{a}", ["{a}"]],
    ["a{x", "a{x", ["a{x"]],
    ["x{2}y{1,}z{0,2}", "xxyyzzz", ["xxyyzz"]],
    // One character is one code point.
    ["^.$", "😀", ["😀"]],
    ["^[^a]{2}$", "😀😀", ["😀😀"]],
    ["(.*)(.)", "a😀", ["a😀", "a", "😀"]],
    ["[😀-😎]+", "x😃😄y", ["😃😄"]],
    ["[^😀]+", "😀😃x", ["😃x"]],
    ["😀+", "😀😀", ["😀😀"]],
    // Alternatives from the left; captures by number.
    ["a|ab", "ab", ["a"]],
    ["(?P<year>\\d+)-(?<month>\\d+)", "2024-02", ["2024-02", "2024", "02"]],
    ["(a)|(b)", "b", ["b", "", "b"]],
    ["", "abc", [""]],
    ["(|a)+", "aa", ["", ""]],
    // A loop keeps what an earlier round captured, and a round that matches nothing ends it.
    ["(?:(a)|b)*", "ab", ["ab", "a"]],
    ["(?:(a)|(b))*", "aba", ["aba", "a", "b"]],
    ["(a*)*", "b", ["", ""]],
    ["(?:a*?)*", "aa", [""]],
    ["x(a*?)?y?", "xay", ["x", ""]],
    // Counts beyond what V8's linear engine takes.
    ["^a{20,40}b", `${"a".repeat(40)}b`, [`${"a".repeat(40)}b`]],
    ["^a{20,40}b", `${"a".repeat(19)}b`, undefined],
    ["^a{20,40}b", `${"a".repeat(41)}b`, undefined],
    ["a{17,40}?", "a".repeat(50), ["a".repeat(17)]],
    ["a{0,33}", "a".repeat(50), ["a".repeat(33)]],
    ["^(?:ab{0,5}){10}$", "abbb".repeat(10), ["abbb".repeat(10)]],
    ["^((a|b){1,6},){3,9}$", "ab,ba,a,b,", ["ab,ba,a,b,", "b,", "b"]]
  ])("%s on %j gives %j", (source, text, expected) => {
    expect(groups(source, text)).toEqual(expected)
    expect(compilePattern(source).test(text)).toBe(expected !== undefined)
  })

  it.each([
    ["(?=a)", "TST-PATTERN-UNSUPPORTED", 0],
    ["x(?!a)", "TST-PATTERN-UNSUPPORTED", 1],
    ["(?<=a)b", "TST-PATTERN-UNSUPPORTED", 0],
    ["(?<!a)b", "TST-PATTERN-UNSUPPORTED", 0],
    ["(?>a)", "TST-PATTERN-UNSUPPORTED", 0],
    ["(a)\\1", "TST-PATTERN-UNSUPPORTED", 3],
    ["(?P<n>a)(?P=n)", "TST-PATTERN-UNSUPPORTED", 8],
    ["(a", "TST-PATTERN-SYNTAX", 0],
    ["a)", "TST-PATTERN-SYNTAX", 1],
    ["ab[c", "TST-PATTERN-SYNTAX", 2],
    ["[]", "TST-PATTERN-SYNTAX", 0],
    ["[z-a]", "TST-PATTERN-SYNTAX", 1],
    ["[[:nope:]]", "TST-PATTERN-SYNTAX", 1],
    ["*a", "TST-PATTERN-SYNTAX", 0],
    ["a|*", "TST-PATTERN-SYNTAX", 2],
    ["a**", "TST-PATTERN-SYNTAX", 2],
    ["a++", "TST-PATTERN-SYNTAX", 2],
    ["a{2}{3}", "TST-PATTERN-SYNTAX", 4],
    ["a{1001}", "TST-PATTERN-SYNTAX", 1],
    ["a{99999999999999999999}", "TST-PATTERN-SYNTAX", 1],
    ["(a{40}){40}", "TST-PATTERN-SYNTAX", 7],
    ["a{3,2}", "TST-PATTERN-SYNTAX", 1],
    ["a\\", "TST-PATTERN-SYNTAX", 1],
    ["\\h", "TST-PATTERN-SYNTAX", 0],
    ["\\Z", "TST-PATTERN-SYNTAX", 0],
    ["\\C", "TST-PATTERN-SYNTAX", 0],
    ["\\pX", "TST-PATTERN-SYNTAX", 0],
    ["\\p{Nope}", "TST-PATTERN-SYNTAX", 0],
    ["\\p{Alphabetic}", "TST-PATTERN-SYNTAX", 0],
    ["\\x{110000}", "TST-PATTERN-SYNTAX", 0],
    ["\\xg", "TST-PATTERN-SYNTAX", 0],
    ["(?z)a", "TST-PATTERN-SYNTAX", 0],
    ["(?i", "TST-PATTERN-SYNTAX", 0],
    ["(?P<a-b>x)", "TST-PATTERN-SYNTAX", 0],
    ["(?P<a>x)(?P<a>y)", "TST-PATTERN-SYNTAX", 8],
    ["(".repeat(2000), "TST-PATTERN-TOO-LARGE", 500],
    ["a".repeat(70_000), "TST-PATTERN-TOO-LARGE", 0],
    ["(?:abcdefghijklmnopqrstuvwxyz){999}".repeat(8), "TST-PATTERN-TOO-LARGE", 0]
  ])("refuses %.40s with %s at %d", (source, code, offset) => {
    expect(problem(source)).toMatchObject({ code, offset })
  })

  it("says what is wrong, and where", () => {
    expect(problem("abc[z-a]def").message).toBe('a range of characters that runs backwards: at "z-a]def"')
    expect(problem("abc(").message).toBe('there is a ( without its ): at "("')
  })

  it("is the same each time", () => {
    const pattern = compilePattern("a+")
    expect([pattern.test("aa"), pattern.test("aa"), pattern.exec("baa")?.index, pattern.exec("baa")?.index]).toEqual([
      true,
      true,
      1,
      1
    ])
  })

  it("stays linear on a text made to explode, whichever engine matches", () => {
    v8.setFlagsFromString("--enable-experimental-regexp-engine-on-excessive-backtracks")
    const text = "a ".repeat(4000)
    for (const source of ["^(\\w+\\s?)+$!", "(?m)^(\\w+\\s?)+$!", "(?i)^(a+\\s?)+$é"]) {
      const started = performance.now()
      expect(compilePattern(source).test(text)).toBe(false)
      expect(performance.now() - started).toBeLessThan(5000)
    }
  })
})

/** Nested counts may go beyond what RE2 takes. */
const isAccepted = (source: string): boolean => {
  try {
    compilePattern(source)
    return true
  } catch {
    return false
  }
}

/** Random patterns over few characters, so that they match often. */
const sources = fc
  .letrec<{ pattern: string }>((tie) => ({
    pattern: fc.oneof(
      { depthSize: "small" },
      fc.constantFrom(
        "a",
        "b",
        ".",
        "[ab]",
        "[^a]",
        "\\d",
        "\\w",
        "\\s",
        "\\S",
        "é",
        "😀",
        "[😀-😎]",
        "\\pL",
        "1",
        "_",
        "K"
      ),
      fc.constantFrom("^", "$", "\\b", "(?m:^)", "(?m:$)"),
      fc.tuple(tie("pattern"), tie("pattern")).map((both) => both.join("")),
      fc.tuple(tie("pattern"), tie("pattern")).map((both) => both.join("|")),
      fc
        .tuple(
          fc.constantFrom("(", "(?:", "(?i:", "(?s:", "(?U:"),
          tie("pattern"),
          fc.constantFrom(")", ")?", ")*", ")+", ")??", ")*?", "){2}", "){0,3}", "){2,}?", "){0,20}", "){17,}")
        )
        .map((parts) => parts.join(""))
    )
  }))
  .pattern.filter(isAccepted)

const texts = fc.array(fc.constantFrom("a", "b", "A", "k", "1", "_", " ", "\n", "\r", "é", "É", "😀", "😃"), {
  maxLength: 12
})

describe("the two engines", () => {
  it("agree on every match and every capture", () => {
    fc.assert(
      fc.property(sources, fc.array(texts, { minLength: 4, maxLength: 8 }), (source, lines) => {
        const pattern = compilePattern(source)
        const { syntax, captures } = parsePattern(source)
        const automaton = new Automaton(syntax, captures)
        for (const line of lines) {
          const text = line.join("")
          const native = pattern.exec(text)
          const expected = automaton.exec(text)
          expect(native && [native.index, ...Array.from(native, (group) => group ?? "")]).toEqual(
            expected && [expected.index, ...Array.from(expected, (group) => group ?? "")]
          )
          expect(pattern.test(text)).toBe(expected !== null)
          expect(automaton.test(text)).toBe(expected !== null)
        }
      }),
      { numRuns: 1500 }
    )
  })

  it("never miss a match for want of a literal", () => {
    fc.assert(
      fc.property(sources, texts, (source, line) => {
        const { syntax, captures } = parsePattern(source)
        const found = new Automaton(syntax, captures).exec(line.join(""))
        let at = 0
        for (const literal of found === null ? [] : compilePattern(source).literals) {
          const next = found![0]!.indexOf(literal, at)
          expect(next).toBeGreaterThanOrEqual(at)
          at = next + literal.length
        }
      }),
      { numRuns: 1500 }
    )
  })
})

describe("translate", () => {
  it("calls linear only what V8's linear engine takes", () => {
    v8.setFlagsFromString("--enable-experimental-regexp-engine")
    // V8's own flag l: compile for the linear engine or not at all.
    const accepted = (source: string): boolean => {
      try {
        return new RegExp(source, "l").flags.includes("l")
      } catch {
        return false
      }
    }
    expect([accepted("a{16}"), accepted("a{17}")]).toEqual([true, false])
    fc.assert(
      fc.property(sources, (source) => {
        const { source: translated, linear } = translate(parsePattern(source).syntax)
        if (linear) expect(accepted(translated)).toBe(true)
      }),
      { numRuns: 1500 }
    )
  })

  it("writes large counts so that it takes them", () => {
    for (const source of ["a{1000}", "[a-z]{0,255}", "(?:[0-9a-f]{1,4}:){7}", "x{63,}y", ".{20,}"]) {
      expect(translate(parsePattern(source).syntax).linear).toBe(true)
    }
    // Copies of captures would be other captures.
    expect(translate(parsePattern("(a){17}").syntax).linear).toBe(false)
  })

  it("writes sets as short classes", () => {
    const translated = (source: string): string => translate(parsePattern(source).syntax).source
    expect(translated('[^"]*')).toBe('[^"]*')
    expect(translated("\\S*")).toBe("[^\\u0009\\u000a\\u000c\\u000d ]*")
    expect(translated("(?i)ab1")).toBe("[Aa][Bb]1")
    expect(translated("a\\.b\\Q|\\E")).toBe("a\\.b\\|")
  })
})
