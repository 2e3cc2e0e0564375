import { describe, expect, it } from "vitest"
import { GrokHost } from "./host.ts"
import { PATTERN_LIBRARY } from "./library.ts"
import { PatternError } from "./pattern-error.ts"

const host = new GrokHost(PATTERN_LIBRARY)

const matched = (pattern: string, text: string, from = host): Record<string, string> | undefined => {
  const grok = from.compile(pattern)
  const values = grok.match(text)
  return values && Object.fromEntries(grok.names.map((name, i) => [name, values[i]!]))
}

const problem = (action: () => unknown): PatternError => {
  try {
    action()
  } catch (error) {
    if (error instanceof PatternError) return error
    throw error
  }
  throw new Error("nothing was refused")
}

describe("a grok", () => {
  it.each([
    // The last reference of a name wins, also when it takes no part.
    ["(?:a=%{INT:x}|b=%{WORD:x})", "a=12", { x: "" }],
    ["(?:a=%{INT:x}|b=%{WORD:x})", "b=c", { x: "c" }],
    ["%{IP:ip}( port %{INT:p})?", "from 1.2.3.4", { ip: "1.2.3.4", p: "" }],
    ["%{IP:ip}( port %{INT:p})?", "from 1.2.3.4 port 5", { ip: "1.2.3.4", p: "5" }],
    // Without a name nothing ever matches, native names included.
    ["%{IP} x", "1.2.3.4 x", undefined],
    ["(?P<x>a)", "a", undefined],
    // What only looks like a reference stays as it is.
    ["%{INT:a:int}b", "5b", undefined],
    ["%{INT:a:int}b", "%{INT:a:int}b", undefined],
    ["%{INT:a:int}%{INT:b}", "%{INT:a:int}5", { b: "5" }],
    ["%{DATA:a.b}%{INT:c}", "%{DATA:axb}7", { c: "7" }],
    // RE2 keeps what an earlier round of a loop captured.
    ["((k=%{INT:n}|%{DATA}), )*", "k=1, z, ", { n: "1" }],
    ["(?P<native>a)%{INT:x}(b)", "a1b", { x: "1" }],
    ["^%{DATA:a} %{GREEDYDATA:b}$", "one two three", { a: "one", b: "two three" }]
  ])("%s on %j gives %j (appendix A.2)", (pattern, text, expected) => {
    expect(matched(pattern, text)).toEqual(expected)
  })

  it("lets outer names win over inner ones, wherever they stand", () => {
    const own = new GrokHost([
      ["PAIR", "%{L:x}-%{L:x}"],
      ["L", "[a-z]"],
      ["DEEP", "<%{PAIR}>"]
    ])
    expect(matched("%{PAIR}", "a-b", own)).toEqual({ x: "b" })
    expect(matched("%{L:x} %{PAIR}", "c a-b", own)).toEqual({ x: "c" })
    expect(matched("%{PAIR} %{L:x}", "a-b c", own)).toEqual({ x: "c" })
    expect(matched("%{PAIR:y}", "a-b", own)).toEqual({ x: "b", y: "a-b" })
    expect(matched("%{DEEP:x}", "<a-b>", own)).toEqual({ x: "<a-b>" })
    expect(matched("%{PAIR} %{DEEP}", "a-b <c-d>", own)).toEqual({ x: "d" })
  })

  it("treats a reference as a group", () => {
    const own = new GrokHost([
      ["AB", "a|b"],
      ["FLAG", "(?i)c"]
    ])
    expect(matched("x%{AB}%{AB:r}", "xab", own)).toEqual({ r: "b" })
    expect(matched("%{AB:r}+", "ab", own)).toEqual({ r: "b" })
    expect(matched("%{FLAG:r}c", "CC", own)).toBeUndefined()
  })

  it("names each capture once, in order", () => {
    expect(host.compile("%{INT:b} %{INT:a} %{INT:b}").names).toEqual(["a", "b"])
    expect(host.compile("%{INT:__proto__} %{INT:constructor}").names).toEqual(["__proto__", "constructor"])
    expect(host.compile("%{INT:__proto__} %{INT:constructor}").match("1 2")).toEqual(["1", "2"])
  })

  it("knows what every matching line contains", () => {
    expect(host.compile("Failed %{WORD:a} for %{USER:b} from").literals).toEqual(["Failed ", " for ", " from"])
  })
})

describe("a host", () => {
  it("keeps the first definition of a name", () => {
    const own = new GrokHost([
      ["A", "a"],
      ["A", "b"]
    ])
    expect(own.define("A", "c")).toBe(false)
    expect(own.define("B", "%{A:x}b")).toBe(true)
    expect(own.has("B")).toBe(true)
    expect(own.has("constructor")).toBe(false)
    expect(matched("%{B}", "ab", own)).toEqual({ x: "a" })
  })

  it("names the unknown pattern", () => {
    const error = problem(() => host.compile("a %{NOPE:x}"))
    expect(error).toMatchObject({ code: "TST-GROK-UNKNOWN-NAME", offset: 2 })
    expect(error.message).toContain("NOPE")
    expect(problem(() => host.compile("%{__proto__}")).code).toBe("TST-GROK-UNKNOWN-NAME")
  })

  it("refuses a pattern that contains itself", () => {
    const own = new GrokHost([
      ["A", "%{B}"],
      ["B", "x%{C}"],
      ["C", "%{A}"]
    ])
    expect(problem(() => own.compile("%{A}")).message).toBe("the pattern A contains itself: A > B > C > A")
    expect(problem(() => own.define("D", "%{D}")).code).toBe("TST-GROK-RECURSION")
    expect(own.has("D")).toBe(false)
  })

  it("refuses patterns that grow without bound", () => {
    const bomb: Array<[string, string]> = [["X0", "abcdefghij"]]
    for (let i = 1; i <= 40; i++) bomb.push([`X${i}`, `%{X${i - 1}}%{X${i - 1}}`])
    expect(problem(() => new GrokHost(bomb).compile("%{X40}")).code).toBe("TST-PATTERN-TOO-LARGE")
    const chain: Array<[string, string]> = [["Y0", "a"]]
    for (let i = 1; i <= 5000; i++) chain.push([`Y${i}`, `%{Y${i - 1}}`])
    expect(problem(() => new GrokHost(chain).compile("%{Y5000}")).code).toBe("TST-PATTERN-TOO-LARGE")
  })

  it("leaves a bad definition out", () => {
    const own = new GrokHost(PATTERN_LIBRARY)
    expect(problem(() => own.define("BAD", "%{INT:x}(")).code).toBe("TST-PATTERN-SYNTAX")
    expect(problem(() => own.define("BAD", "%{NOPE}")).code).toBe("TST-GROK-UNKNOWN-NAME")
    expect(own.has("BAD")).toBe(false)
    expect(own.define("BAD", "good")).toBe(true)
  })
})
