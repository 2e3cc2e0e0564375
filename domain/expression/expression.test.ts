import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { bucketEnvironment } from "./environment/bucket.ts"
import { eventEnvironment } from "./environment/event.ts"
import { compileExpression, EvaluationError, ExpressionError } from "./expression.ts"
import { Float } from "./float.ts"
import { staticText } from "./format.ts"
import { evaluate, exampleEvent } from "./example.fixture.ts"
import { Time } from "./time.ts"

const at = (text: string): ExpressionError => {
  try {
    compileExpression(text, { environment: eventEnvironment })
  } catch (error) {
    if (error instanceof ExpressionError) return error
    throw error
  }
  throw new Error(`${text} loads`)
}

const withJson = (json: string) => {
  const event = exampleEvent()
  compileExpression("UnmarshalJSON(evt.Line.Raw, evt.Unmarshaled, 'j')", { environment: eventEnvironment }).evaluate({
    evt: { ...event, Line: { ...event.Line, Raw: json } }
  })
  return event
}

describe("the vectors of the specification (appendix A.4)", () => {
  it.each([
    ["evt.Parsed.nope", ""],
    ["evt.Unmarshaled.nope", undefined],
    ["evt.Unmarshaled.nope?.x", undefined],
    [`evt.Unmarshaled.nope contains "a"`, false],
    [`"a" in evt.Meta`, false],
    [`nil in ["", nil]`, true],
    ["1 < 2 < 3", true],
    ["[1,2,3][-1]", 3],
    [`"abcdef"[:3]`, "abc"],
    [`len("é")`, 1],
    [`JsonExtract('{"a":{"b":[1,"x\\\\/y"]}}', "a.b[1]")`, "x\\/y"],
    [`JsonExtract('{"a":2.50}', "a")`, "2.50"],
    [`JsonExtract('{"a":1}', "b")`, ""],
    [`Match("/a*c?","/abbcd")`, true],
    [`Match("*","")`, true],
    [`IpToRange("2001:0db8:85a3:0000:0000:8a2e:0370:7334","/64")`, "2001:db8:85a3::/64"],
    [`PathUnescape("%zz")`, "%zz"],
    [`QueryUnescape("a+b%20c")`, "a b c"],
    [`Distance("0","0","1","1")`, new Float(0)]
  ])("%s", (text, value) => {
    expect(evaluate(text)).toEqual(value)
  })

  it("fails on a member of nil", () => {
    expect(() => evaluate("evt.Unmarshaled.nope.x")).toThrow(EvaluationError)
  })

  it("takes key-value texts apart", () => {
    const event = exampleEvent()
    const line = { ...event.Line, Raw: 'a=1 b="x y" c= d=e,f z' }
    expect(evaluate(`ParseKV(evt.Line.Raw, evt.Unmarshaled, "kv") in ["", nil]`, { ...event, Line: line })).toBe(true)
    expect(new Map(event.Unmarshaled.get("kv") as Map<string, string>)).toEqual(
      new Map([
        ["a", "1"],
        ["b", "x y"],
        ["c", ""],
        ["d", "e,f"]
      ])
    )
    expect(evaluate("evt.Unmarshaled.kv.missing", event)).toBe("")
  })

  it("takes lax key-value texts apart", () => {
    const event = exampleEvent()
    const line = { ...event.Line, Raw: 'act=deny user name msg=hello big world src=1.2.3.4 q="a \\" b=c"' }
    evaluate(`ParseKVLax(evt.Line.Raw, evt.Unmarshaled, "kv")`, { ...event, Line: line })
    expect(new Map(event.Unmarshaled.get("kv") as Map<string, string>)).toEqual(
      new Map([
        ["act", "deny user name"],
        ["msg", "hello big world"],
        ["src", "1.2.3.4"],
        ["q", 'a " b=c']
      ])
    )
  })

  it("keeps floats of JSON apart from ints", () => {
    const event = withJson('{"port": 443, "part": 2.5}')
    expect(staticText(evaluate("evt.Unmarshaled.j.port", event))).toBe("443.000000")
    expect(staticText(evaluate("int(evt.Unmarshaled.j.port)", event))).toBe("443")
    expect(evaluate("evt.Unmarshaled.j.port == 443 && evt.Unmarshaled.j.port in [442, 443]", event)).toBe(true)
    expect(evaluate("evt.Unmarshaled.j.port in [442, '443']", event)).toBe(false)
    expect(evaluate(`string(evt.Unmarshaled.j.port) + Sprintf(" %v", evt.Unmarshaled.j.part)`, event)).toBe("443 2.5")
    expect(staticText(evaluate("1 == 1"))).toBeUndefined()
  })
})

describe("a number of JSON where an int is asked for", () => {
  const json =
    '{"n": 1, "part": 1.9, "minus": -0.5, "huge": 1e300, "big": 9007199254740994, "s": "aé", "l": ["a", "b"]}'
  const field = (text: string) => text.replace(/\bj\./g, "evt.Unmarshaled.j.")

  it.each([
    ["get(['a', 'b'], j.n)", "b"],
    ["get(['a', 'b'], j.part)", "b"],
    ["get(['a', 'b'], j.minus)", "a"],
    ["get(['a', 'b'], j.huge)", undefined],
    ["get(j.l, j.n) + j.l[j.n] + 'abc'[j.n:]", "bbbc"],
    ["[get(j.s, 0), get(j.s, j.n), get(j.s, 3)]", [0x61, 0xc3, undefined]],
    ["get(j.nothing, 0)", undefined],
    ["5 in 1..j.n", false],
    ["j.n in j.minus..j.part", true],
    ["j.minus..j.part", [0, 1]],
    ["repeat('ab', j.part)", "ab"],
    ["split('a,b,c', ',', j.n)", ["a,b,c"]],
    ["split('a,b,c', ',', j.huge)", ["a", "b", "c"]],
    ["splitAfter('a,b,c', ',', j.n + 1)", ["a,", "b,c"]],
    ["replace('aaa', 'a', 'b', j.n)", "baa"]
  ])("%s", (text, value) => {
    expect(evaluate(field(text), withJson(json))).toEqual(value)
  })

  it.each([
    "1..j.huge",
    "j.huge..j.huge",
    "j.big..j.big + 2",
    "1..j.s",
    "repeat('a', j.huge)",
    "repeat('a', -j.n)",
    "repeat('a', j.s)",
    "repeat('', [1 / 0, ''][0])",
    "get(j.l, 'a' + j.s)",
    "take([1], j.n)",
    "bitand(j.n, 1)",
    "j.n % 1",
    "SplitN('a', ',', j.n)",
    "Get(['a', 'b'], j.n)",
    "Replace('a', 'a', 'b', j.n)"
  ])("%s fails", (text) => {
    expect(() => evaluate(field(text), withJson(json))).toThrow(EvaluationError)
  })

  it("is another key than an int", () => {
    expect(() => evaluate("1 in evt.Unmarshaled.j", withJson(json))).toThrow(EvaluationError)
    const event = withJson('{"list": [{"status": 200}, {"status": 404}, {"status": 200}, {}]}')
    expect(evaluate("len(groupBy(evt.Unmarshaled.j.list, .status)[200.0])", event)).toBe(2)
    expect(evaluate("groupBy(evt.Unmarshaled.j.list, .status)[200]", event)).toBeUndefined()
    expect(evaluate("len(groupBy(evt.Unmarshaled.j.list, .status)[nil])", event)).toBe(1)
    expect(evaluate("len(groupBy(evt.Unmarshaled.j.list, .status)[evt.Unmarshaled.j.list[1].status])", event)).toBe(1)
  })
})

it("makes a map of a list of literal texts: nil is in it as an empty text, and nothing else but text is looked up", () => {
  const event = withJson('{"port": 443, "name": "a"}')
  expect(evaluate(`evt.Unmarshaled.j.name in ["", "a"]`, event)).toBe(true)
  expect(evaluate(`evt.Unmarshaled.j.nothing in ["", "a"]`, event)).toBe(true)
  expect(evaluate(`evt.Unmarshaled.j.nothing not in ["a", "b"]`, event)).toBe(true)
  expect(() => evaluate(`evt.Unmarshaled.j.port not in ["443"]`, event)).toThrow("in has no meaning between")
  expect(evaluate(`evt.Unmarshaled.j.port not in ["443", evt.Line.Raw]`, event)).toBe(true)
})

describe("operators", () => {
  it.each([
    // Precedence, from loose to tight.
    ["true || false && false", true],
    ["not true == false", true],
    ["not (true == false)", true],
    [`not "a" in ["a"] || true`, undefined],
    ["1 + 2 * 3", 7],
    ["2 * 3 ** 2", new Float(18)],
    ["2 ** 3 ** 2", new Float(512)],
    ["-2 ** 2", new Float(-4)],
    ["(-2) ** 2", new Float(4)],
    ["1..2 == [1, 2]", true],
    ["1 + 1..3", [2, 3]],
    ["10 - 2 - 3", 5],
    ["7 % 4 * 2", 6],
    ["1 == 1 ? 'a' : 'b'", "a"],
    ["true ?: false", true],
    ["false ? 1 : false ? 2 : 3", 3],
    ["nil ?? nil ?? 3", 3],
    // Values.
    ["1 == 1.0", true],
    ["1 / 2", new Float(0.5)],
    ["4 / 2", new Float(2)],
    ["-7 % 3", -1],
    ["1 / (0 * -1)", new Float(Number.POSITIVE_INFINITY)],
    ["'b' > 'a'", true],
    ["'\uffff' < '\u{1f600}'", true],
    ["1.5 + 1", new Float(2.5)],
    ["[1, 2] == [1.0, 2]", true],
    ["{a: 1} == {'a': 1}", true],
    ["{a: 1} == {a: 1.0}", false],
    ["{a: [1]} == {a: [1.0]}", false],
    ["[{a: 1}] == [{a: 1.0}]", false],
    ["{a: 1.0, b: [nil, 'x', {}]} == {b: [nil, 'x', {}], a: 1.0}", true],
    ["[1, [2]] == [1.0, [2.0]]", true],
    ["{a: 1}.b", undefined],
    ["'a' in {a: 1}", true],
    ["'Meta' in evt", true],
    ["'nope' in evt", false],
    ["1 not in [2, 3]", true],
    ["'abc' not contains 'b'", false],
    ["'abc' startsWith 'ab' and 'abc' endsWith 'bc'", true],
    ["'a.c' matches '^a\\\\.c$'", true],
    ["'x' matches Upper('x')", false],
    ["nil matches 'x'", undefined],
    // Slices and indices.
    ["'abcdef'[-3:-1]", "de"],
    ["'abc'[2:1]", ""],
    ["'abc'[1:99]", "bc"],
    ["'aéb'[0:3]", "aé"],
    ["[1, 2, 3][1:]", [2, 3]],
    ["[1, 2, 3][:-1]", [1, 2]],
    ["get([1, 2], 5)", undefined],
    ["get({a: 'x'}, 'a')", "x"],
    // Texts.
    ['"\\x41\\u00e9\\U0001F600\\101\\n"', "Aé😀A\n"],
    ["`a\\n``b`", "a\\n`b"],
    ["'a' + 'b' + 'c' // the end", "abc"],
    ["1 /* one */ + /* two */ 2", 3],
    ["0x1F + 0b101 + 0o17 + 1_000", 1051],
    [".5 + 1e3", new Float(1000.5)],
    // Blocks.
    ["let a = 1; let b = a + 1; a + b", 3],
    ["if 1 > 2 { 'x' } else if 2 > 1 { 'y' } else { 'z' }", "y"],
    ["1; 2; 3", 3],
    ["(let a = 'x'; a + a) + 'y'", "xxy"],
    // Predicates.
    ["any([1, 2], # > 1)", true],
    ["all([], { false })", true],
    ["none([1, 2], { # == 3 })", true],
    ["one([1, 2, 2], { # == 2 })", false],
    ["map(filter([1, 2, 3], # != 2), # * 10 + #index)", [10, 31]],
    ["count([true, false, true])", 2],
    ["sum([1, 2.5])", new Float(3.5)],
    ["sum([], {1.5})", 0],
    ["find([1, 2, 3], # > 1) == 2 && findIndex([1, 2], # > 5) == nil", true],
    ["findLast([1, 2, 3], # < 3)", 2],
    ["reduce([1, 2, 3], #acc + #)", 6],
    ["reduce([1, 2, 3], #acc + #, 10)", 16],
    ["map(sortBy([{n: 2}, {n: 1}], .n), .n)", [1, 2]],
    [
      "toPairs(groupBy(['a', 'bb', 'c'], string(len(#))))",
      [
        ["1", ["a", "c"]],
        ["2", ["bb"]]
      ]
    ],
    ["[1, 2, 3] | filter(# > 1) | map(# * 2) | sum()", 10],
    ["any([[1], [2]], any(#, # == 2))", true],
    ["'a,b' | split(',') | len()", 2]
  ])("%s", (text, value) => {
    if (value === undefined && /^not "a"|^nil matches/.test(text)) expect(at(text).code).toBe("TST-EXPR-TYPE")
    else expect(evaluate(text)).toEqual(value)
  })

  it("evaluates only what it must", () => {
    const calls: Array<string> = []
    const event = exampleEvent({
      SetMeta: (key) => {
        calls.push(key)
        return true
      }
    })
    evaluate("false && evt.SetMeta('a', '') || true || evt.SetMeta('b', '')", event)
    evaluate("true ? evt.SetMeta('c', '') : evt.SetMeta('d', '')", event)
    evaluate("any([1, 2, 3], evt.SetMeta('e', '') && # == 2)", event)
    expect(calls).toEqual(["c", "e", "e"])
  })

  it("ends a chain at its first nil, and only there", () => {
    const event = withJson('{"a": {"b": {"c": "x"}}}')
    expect(evaluate("evt.Unmarshaled.j?.a.b.c", event)).toBe("x")
    expect(evaluate("evt.Unmarshaled.k?.a.b.c", event)).toBeUndefined()
    expect(evaluate("evt.Unmarshaled.k?.a.b['c'] ?? 'none'".replace("['c']", ".c"), event)).toBe("none")
    expect(() => evaluate("evt.Unmarshaled.j?.x.b.c", event)).toThrow(EvaluationError)
    expect(() => evaluate("evt.Unmarshaled.k?.a[0]", event)).toThrow(EvaluationError)
    expect(evaluate("evt.Overflow.Alert?.GetScope()")).toBeUndefined()
    expect(() => evaluate("evt.Overflow.Alert.GetScope()")).toThrow(EvaluationError)
    expect(evaluate(`evt.Overflow.Sources["x"].IP + evt.Overflow.Sources["x"].GetScope()`)).toBe("")
  })

  it("knows times and durations", () => {
    const saturday = exampleEvent({ Time: Time.fromMilliseconds(Date.UTC(2024, 1, 10, 19, 30)) })
    expect(evaluate("evt.Time.Hour() >= 18 && evt.Time.Weekday().String() == 'Saturday'", saturday)).toBe(true)
    const minutes = [0, 5, 20, 65].map((minute) => exampleEvent({ Time: Time.fromMilliseconds(minute * 60_000) }))
    const median = compileExpression("MedianInterval(map(queue.Queue[-4:], {#.Time}))", {
      environment: bucketEnvironment
    })
    expect(String(median.evaluate({ queue: { Queue: minutes, L: -1 } }))).toBe("15m0s")
    expect(() => evaluate(`duration("2562047h") + duration("1h") > duration("0s")`)).toThrow("this fails always")
    expect(() => evaluate(`duration("2562047h") + (evt.Time - evt.Time + duration("1h"))`)).toThrow(EvaluationError)
    const longer = compileExpression("MedianInterval(map(queue.Queue, .Time)) * 1.5", {
      environment: bucketEnvironment
    })
    expect(longer.type.kind).toBe("float")
    expect(longer.evaluate({ queue: { Queue: minutes, L: -1 } })).toEqual(new Float(22.5 * 60e9))
    const whole = compileExpression("len(queue.GetQueue()) == 4 && queue.GetQueue()[1].Time == queue.Queue[1].Time", {
      environment: bucketEnvironment
    })
    expect(whole.evaluate({ queue: { Queue: minutes, L: -1 } })).toBe(true)
    expect(evaluate(`duration("90m") > duration("1h") && duration("1h") * 2 == duration("2h")`)).toBe(true)
    expect(String(evaluate(`evt.Time - (evt.Time - duration("1m30s"))`, saturday))).toBe("1m30s")
  })
})

describe("errors at load", () => {
  it.each([
    ["nope", "TST-EXPR-NAME", 0],
    ["evt.Nope", "TST-EXPR-NAME", 4],
    ["evt.Meta.x && Nope()", "TST-EXPR-TYPE", 9],
    ["true && Nope()", "TST-EXPR-NAME", 8],
    ["true && LookupHost('x')", "TST-EXPR-NAME", 8],
    ["evt.GetMeta", "TST-EXPR-NAME", 4],
    ["evt.Nope()", "TST-EXPR-NAME", 4],
    ["Upper", "TST-EXPR-NAME", 0],
    ["Upper()", "TST-EXPR-TYPE", 0],
    ["Upper('a', 'b')", "TST-EXPR-TYPE", 0],
    ["Upper(1)", "TST-EXPR-TYPE", 6],
    ["evt.Meta.x == 1", "TST-EXPR-TYPE", 11],
    ["1 + 'a'", "TST-EXPR-TYPE", 2],
    ["evt.Meta[0]", "TST-EXPR-TYPE", 9],
    ["'abc'[0]", "TST-EXPR-TYPE", 5],
    ["not 'a'", "TST-EXPR-TYPE", 0],
    ["'a' ? 1 : 2", "TST-EXPR-TYPE", 0],
    ["any('a', true)", "TST-EXPR-TYPE", 4],
    ["any([1], #)", "TST-EXPR-TYPE", 9],
    ["#", "TST-EXPR-SYNTAX", 0],
    ["any([1], #nope)", "TST-EXPR-NAME", 9],
    ["let evt = 1; 2", "TST-EXPR-NAME", 4],
    ["let x = 1; let x = 2; x", "TST-EXPR-NAME", 15],
    ["UnmarshalJSON('{}', evt.Meta, 'x')", "TST-EXPR-TYPE", 24],
    ["evt.Meta.x matches '('", "TST-EXPR-PATTERN", 19],
    ["a ?? b == c", "TST-EXPR-SYNTAX", 7],
    ["1 +", "TST-EXPR-SYNTAX", 3],
    ["'a", "TST-EXPR-SYNTAX", 2],
    ["'\\q'", "TST-EXPR-SYNTAX", 1],
    ["1x", "TST-EXPR-SYNTAX", 0],
    ["", "TST-EXPR-SYNTAX", 0],
    ["evt.Meta.x not = 'a'", "TST-EXPR-SYNTAX", 15],
    [`${"(".repeat(500)}1`, "TST-EXPR-LIMIT", 200],
    ["99999999999999999999", "TST-EXPR-SYNTAX", 0]
  ])("%s", (text, code, offset) => {
    const error = at(text)
    expect([error.code, error.offset]).toEqual([code, offset])
  })

  it.each([
    ["any(File('x'), { evt.Meta.x endsWith", /ends too early; where it holds a `#`, YAML needs quotes around it$/],
    ["evt.Meta.x = 'a'", /"=" is not expected here; did you mean ==\?$/],
    ["true AND false", /"AND" is not expected here; did you mean and\?$/],
    ["evt.Meta.x startswith 'a'", /did you mean startsWith\?$/],
    ["evt.Meta.x like 'a'", /did you mean matches\?$/],
    ["evt.Meta.x =~ 'a'", /did you mean matches\?$/],
    ["true & false", /did you mean &&\?$/],
    ["evt.Meta.x == null", /null is not known here; did you mean nil\?$/],
    ["evt.Meta.x == 1", /; what comes from a line are texts: write the number in quotes$/],
    ["evt.Meta.x >= 1", /; what comes from a line are texts: int\(…\) makes a number of one$/],
    ["evt.Meta.x in [1, 2]", /; what comes from a line are texts: write the numbers in quotes$/],
    ["evt.Meta.x in 1..2", /; what comes from a line are texts: int\(…\) makes a number of one$/],
    ["evt.Meta.x == true", /between string and bool$/],
    ["'a' in evt.Meta.x", /; did you mean contains\? It asks the other way round: WHOLE contains PART$/],
    ["evt.Meta.x startsWith ['a', 'b']", /; ask each of them: any\(\[…\], \{FIELD startsWith #\}\)$/],
    ["['a', 'b'] contains evt.Meta.x", /; did you mean in\?$/],
    ["evt.Meta.x.y", /string has no members; what stands in a JSON text is read with JsonExtract or UnmarshalJSON$/],
    ["evt.Meta.x matches '*.php'", /nothing to repeat \(any text is \.\*\): at "\*\.php"$/],
    ["evt.Meta.x 'and'", /"and" is not expected here$/],
    ["(1 in)", /"\)" is not expected here$/]
  ])("say what was meant by %s", (text, message) => expect(at(text).message).toMatch(message))

  it("names line and column", () => {
    const error = at("true &&\n  evt.Meta.x &&\n  nope")
    expect([error.line, error.column, error.message]).toEqual([2, 12, "&& needs bools, but got string"])
  })

  it("wants the result that is asked for", () => {
    const compile = (text: string) => compileExpression(text, { environment: eventEnvironment, expect: "bool" })
    expect(() => compile("evt.Meta.x")).toThrow("the result must be bool, but is string")
    expect(compile("evt.Unmarshaled.x").type).toEqual({ kind: "any" })
  })
})

describe("effects", () => {
  it.each([
    ["evt.Meta.x == Upper('x')", "pure", true],
    ["evt.Meta.x in File('x')", "data", true],
    ["GetFromStash('a', 'b')", "reads", false],
    ["evt.SetMeta('a', 'b')", "writes", false],
    ["UnmarshalJSON('', evt.Unmarshaled, 'b') == nil", "writes", false]
  ])("%s", (text, effect, pure) => {
    const expression = compileExpression(text, { environment: eventEnvironment })
    expect([expression.effect, expression.pure]).toEqual([effect, pure])
  })
})

describe("hostile input", () => {
  it("keeps the names of JavaScript's own properties harmless", () => {
    const event = withJson('{"__proto__": {"x": 1}, "constructor": 2}')
    expect(evaluate("evt.Unmarshaled.j.__proto__.x == 1 && evt.Unmarshaled.j.constructor == 2", event)).toBe(true)
    expect(evaluate("evt.Meta.constructor + evt.Parsed['__proto__']")).toBe("")
    expect(at("evt.constructor").code).toBe("TST-EXPR-NAME")
    expect(at("constructor").code).toBe("TST-EXPR-NAME")
    expect(at("toString()").code).toBe("TST-EXPR-NAME")
    expect(at("evt.Overflow.__proto__").code).toBe("TST-EXPR-NAME")
    expect(() => evaluate("[evt, 1][0].constructor")).toThrow(EvaluationError)
    expect(() => evaluate("[evt, 1][0].toString()")).toThrow(EvaluationError)
  })

  it.each([
    "repeat('x', 100000000)",
    "1..100000000",
    "map(1..3000, map(1..3000, #))",
    "map(1..100000, 1..100000)",
    "reduce(1..100000, [#acc]) == reduce(1..100000, [#acc])",
    "string(reduce(1..100000, [#acc]))",
    "replace(repeat('a', 10000), 'a', repeat('b', 10000))",
    "join(map(1..1000, repeat('x', 10000)), '')",
    "Sprintf('%999999999d', 1)",
    "9007199254740991 + 1"
  ])("%s is refused", (text) => {
    const failure = (given: string): unknown => {
      try {
        return evaluate(given)
      } catch (error) {
        return error
      }
    }
    const error = failure(text)
    // What is constant is tried when the rule is loaded.
    if (error instanceof ExpressionError) expect(error.message).toMatch(/^this fails always: /)
    else expect(error).toBeInstanceOf(EvaluationError)
  })

  it("makes errors without a stack", () => {
    expect(new EvaluationError("x")).toBeInstanceOf(Error)
    expect(Object.hasOwn(new EvaluationError("x"), "stack")).toBe(false)
  })

  const word = fc.constantFrom(
    ..."evt . Meta Parsed Unmarshaled x [ ] ( ) { } # , ; : ? ?. ?? 1 2.5 'a' nil true + - * / ** == < in not and or".split(
      " "
    ),
    ..."matches contains let if else = any map filter len Upper | .. JsonExtract UnmarshalJSON evt.Unmarshaled.x".split(
      " "
    )
  )

  it("gives a result or an error of its own for any text", () => {
    const texts = fc.oneof(
      fc.string(),
      fc.array(word, { maxLength: 14 }).map((words) => words.join(" "))
    )
    fc.assert(
      fc.property(texts, (text) => {
        try {
          evaluate(text)
        } catch (error) {
          if (!(error instanceof ExpressionError) && !(error instanceof EvaluationError)) throw error
        }
      }),
      { numRuns: 20_000 }
    )
  })

  it("survives long and deep texts", () => {
    for (const text of [
      Array.from({ length: 5000 }, () => "true").join(" && "),
      Array.from({ length: 5000 }, () => "'a'").join(" + "),
      Array.from({ length: 5000 }, () => "1").join(" - "),
      `evt${".a".repeat(60_000)}`,
      "-".repeat(100_000),
      "[".repeat(100_000),
      `${"(1 < 2 < ".repeat(150)}3${")".repeat(150)}`,
      "a".repeat(200_000)
    ]) {
      try {
        evaluate(text)
      } catch (error) {
        expect(error).toBeInstanceOf(ExpressionError)
      }
    }
  })
})
