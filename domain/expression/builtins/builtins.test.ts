/** The functions that the language documents, one by one, as it describes them. */
import { describe, expect, it } from "vitest"
import { evaluate, exampleEvent } from "../example.fixture.ts"
import { EvaluationError, ExpressionError } from "../expression.ts"
import { KeptFields } from "../../text/fields.ts"
import { parseDate } from "../../time/date.ts"
import { Float } from "../float.ts"
import { AnyKeyMap } from "../value.ts"
import { builtins } from "./catalogue.ts"
import { predicateArity } from "./predicate.ts"

const float = (value: number): Float => new Float(value)

const keyed = (...entries: ReadonlyArray<readonly [key: unknown, value: unknown]>): AnyKeyMap => {
  const map = new AnyKeyMap()
  for (const [key, value] of entries) map.set(key, value)
  return map
}

const cases: Readonly<Record<string, ReadonlyArray<readonly [expression: string, value: unknown]>>> = {
  trim: [
    ["trim('  Hello  ')", "Hello"],
    ["trim('__Hello__', '_')", "Hello"]
  ],
  trimPrefix: [["trimPrefix('HelloWorld', 'Hello')", "World"]],
  trimSuffix: [["trimSuffix('HelloWorld', 'World')", "Hello"]],
  upper: [["upper('hello')", "HELLO"]],
  lower: [["lower('HELLO')", "hello"]],
  split: [
    ["split('apple,orange,grape', ',')", ["apple", "orange", "grape"]],
    ["split('apple,orange,grape', ',', 2)", ["apple", "orange,grape"]]
  ],
  splitAfter: [
    ["splitAfter('apple,orange,grape', ',')", ["apple,", "orange,", "grape"]],
    ["splitAfter('apple,orange,grape', ',', 2)", ["apple,", "orange,grape"]]
  ],
  replace: [
    ["replace('Hello World', 'World', 'Universe')", "Hello Universe"],
    ["replace('aaa', 'a', 'b', 1)", "baa"]
  ],
  repeat: [["repeat('Hi', 3)", "HiHiHi"]],
  indexOf: [
    ["indexOf('apple pie', 'pie')", 6],
    ["indexOf('apple', 'x')", -1]
  ],
  lastIndexOf: [["lastIndexOf('apple pie apple', 'apple')", 10]],
  hasPrefix: [["hasPrefix('HelloWorld', 'Hello')", true]],
  hasSuffix: [["hasSuffix('HelloWorld', 'World')", true]],
  join: [
    ["join(['apple', 'orange', 'grape'], ',')", "apple,orange,grape"],
    ["join(['apple', 'orange', 'grape'])", "appleorangegrape"]
  ],
  duration: [
    ["duration('1h').Seconds()", float(3600)],
    ["duration('90s') + duration('30s') == duration('2m')", true],
    ["duration('1m') * 3 > duration('2m59s') && -duration('1s') < duration('0s')", true],
    ["duration('1h30m').String()", "1h30m0s"],
    ["duration('1s') * .5 == 5e8 && 1.5 * duration('2ns') == 3", true],
    ["duration('2ns') * duration('3ns') == duration('6ns')", true],
    ["[duration('1s'), 1][0] * [.5, ''][0]", float(5e8)]
  ],
  date: [
    ["date('2023-08-14').Year()", 2023],
    ["date('2023-08-14').Weekday().String()", "Monday"],
    ["date('2023-08-14 15:04:05').Format('02/Jan/2006 3:04:05PM')", "14/Aug/2023 3:04:05PM"],
    ["date('15:04:05').Hour()", 15],
    ["date('2023-08-14T15:04:05.5+02:00').UTC().String()", "2023-08-14 13:04:05.5 +0000 UTC"],
    ["date('Mon, 14 Aug 2023 15:04:05 UTC').Unix()", 1692025445],
    ["date('14.08.2023', '02.01.2006').Format('2006-01-02')", "2023-08-14"],
    ["date('2023-08-14 12:00:00', '2006-01-02 15:04:05', 'Europe/Paris').UTC().Hour()", 10],
    ["date(timezone('Europe/Paris'), '2023-08-14 12:00:00').UTC().Hour()", 10],
    ["date('2023-08-14') - duration('24h') == date('2023-08-13')", true],
    ["(date('2023-08-15') - date('2023-08-14')).Hours()", float(24)],
    ["date('2023-08-14') < date('2023-08-15')", true]
  ],
  timezone: [
    ["date('2023-08-14 12:00:00').In(timezone('Europe/Zurich')).String()", "2023-08-14 14:00:00 +0200 +0200"],
    ["timezone('UTC').String()", "UTC"]
  ],
  max: [
    ["max(5, 7)", 7],
    ["max([1, 9, 3])", 9],
    ["max(1, 2.5)", float(2.5)]
  ],
  min: [
    ["min(5, 7)", 5],
    ["min([4, 2], 3)", 2]
  ],
  abs: [
    ["abs(-5)", 5],
    ["abs(-5.5)", float(5.5)]
  ],
  ceil: [["ceil(1.5)", float(2)]],
  floor: [["floor(1.5)", float(1)]],
  round: [["round(1.5)", float(2)]],
  all: [
    ["all([1, 2, 3], # > 0)", true],
    ["all([], false)", true]
  ],
  any: [["any([1, 2, 3], {# > 2})", true]],
  one: [
    ["one([1, 2, 3], # > 2)", true],
    ["one([1, 2, 3], # > 1)", false]
  ],
  none: [["none([1, 2, 3], # > 3)", true]],
  map: [
    ["map([{n: 'a'}, {n: 'b'}], .n)", ["a", "b"]],
    ["map(['a', 'b'], #index)", [0, 1]]
  ],
  filter: [["filter([1, 2, 3], # % 2 == 1)", [1, 3]]],
  find: [
    ["find([1, 2, 3, 4], # > 2)", 3],
    ["find([1], # > 2)", undefined]
  ],
  findIndex: [["findIndex([1, 2, 3, 4], # > 2)", 2]],
  findLast: [["findLast([1, 2, 3, 4], # > 2)", 4]],
  findLastIndex: [["findLastIndex([1, 2, 3, 4], # > 2)", 3]],
  groupBy: [
    ["groupBy(['a1', 'b', 'a2'], #[:1])", keyed(["a", ["a1", "a2"]], ["b", ["b"]])],
    ["groupBy([1, 2, 3], # % 2)[1]", [1, 3]],
    ["groupBy([1, 2, 3], # / 2)", keyed([float(0.5), [1]], [float(1), [2]], [float(1.5), [3]])],
    ["map(groupBy([{s: 200.0}, {s: 404.0}, {s: 200.0}], .s)[200.0], .s)", [float(200), float(200)]],
    ["groupBy([1, 1.0, 1.0], #)[1] == [1] && groupBy([1, 1.0, 1.0], #)[1.0] == [1, 1]", true],
    ["groupBy(1..3, # > 1 ? nil : '')[nil]", [2, 3]],
    ["nil in groupBy([nil], #) && '' not in groupBy([nil], #) && groupBy([''], #)[nil] == nil", true],
    ["2.0 in groupBy([2.0], #) && 2 not in groupBy([2.0], #) && get(groupBy([2.0], #), 2.0) == [2]", true],
    ["groupBy(['1s', '1000ms', '2s'], duration(#))[duration('1s')]", ["1s", "1000ms"]],
    ["groupBy(['2024-02-10', '2024-02-11', '2024-02-17'], date(#).Weekday()) | values() | map(len(#))", [2, 1]],
    ["len(groupBy(['2024-02-10', '2024-02-10'], date(#)))", 1],
    ["string(groupBy([1.5, nil], #)) + string(keys(groupBy([1.5], #)))", "map[1.5:[1.5] <nil>:[<nil>]][1.5]"],
    ["1 in groupBy([1, 3], # % 2) && 0 not in groupBy([1, 3], # % 2)", true],
    ["groupBy([1], #)['x'] == nil && groupBy(['a'], #)[1] == nil && 1 not in groupBy(['a'], #)", true]
  ],
  count: [
    ["count([1, 2, 3], # > 1)", 2],
    ["count([true, false, true])", 2]
  ],
  concat: [["concat([1, 2], [3])", [1, 2, 3]]],
  flatten: [["flatten([1, 2, [3, [4]]])", [1, 2, 3, 4]]],
  uniq: [["uniq([1, 2, 3, 2, 1])", [1, 2, 3]]],
  reduce: [
    ["reduce(1..9, #acc + #)", 45],
    ["reduce(1..9, #acc + #, 100)", 145],
    ["reduce(['a', 'b'], #acc + string(#index) + #, '')", "0a1b"]
  ],
  sum: [
    ["sum([1, 2, 3])", 6],
    ["sum([{n: 1}, {n: 2.5}], .n)", float(3.5)],
    ["sum([])", 0]
  ],
  mean: [["mean([1, 2, 3])", float(2)]],
  median: [["median([1, 2, 3, 10])", float(2.5)]],
  first: [["first([1, 2, 3])", 1]],
  last: [["last([1, 2, 3])", 3]],
  take: [
    ["take([1, 2, 3], 2)", [1, 2]],
    ["take([1], 5)", [1]]
  ],
  reverse: [["reverse([3, 1, 4])", [4, 1, 3]]],
  sort: [
    ["sort([3, 1, 4])", [1, 3, 4]],
    ["sort(['b', 'a'], 'desc')", ["b", "a"]]
  ],
  sortBy: [
    ["map(sortBy([{n: 3}, {n: 1}], .n), .n)", [1, 3]],
    ["map(sortBy([{n: 3}, {n: 4}], .n, 'desc'), .n)", [4, 3]]
  ],
  keys: [["keys({name: 'John', age: 30})", ["age", "name"]]],
  values: [["values({name: 'John', age: 30})", [30, "John"]]],
  type: [
    [
      "[type(42), type(4.2), type('a'), type([]), type({}), type(true), type(nil)] | join(' ')",
      "int float string array map bool nil"
    ],
    [
      "[type(evt.Time), type(duration('1h')), type(evt.Time.Weekday()), type(evt.Time.Month())] | join(' ')",
      "time.Time time.Duration time.Weekday time.Month"
    ],
    ["type(evt.Line)", "github.com/crowdsecurity/crowdsec/pkg/pipeline.Line"]
  ],
  int: [
    ["int('123') + int(3.9)", 126],
    ["int(-3.9)", -3],
    ["int(date('2023-08-14').Weekday()) * 100 + int(date('2023-08-14').Month())", 108],
    ["int(duration('1µs'))", 1000]
  ],
  float: [["float('123.45') + float(1)", float(124.45)]],
  string: [
    ["string(123) + string(1.5) + string(true) + string(nil)", "1231.5true<nil>"],
    ["string(evt.Line)", "{  1970-01-01 00:00:00 +0000 UTC map[] false file}"],
    ["Sprintf('%+v', evt.Line) | split(' ') | last()", "Module:file}"]
  ],
  toJSON: [["toJSON({name: 'John', age: 30})", '{\n  "age": 30,\n  "name": "John"\n}']],
  fromJSON: [[`fromJSON('{"name": "John", "n": [1]}').n[0]`, float(1)]],
  toBase64: [["toBase64('Hello World')", "SGVsbG8gV29ybGQ="]],
  fromBase64: [["fromBase64('SGVsbG8gV29ybGQ=')", "Hello World"]],
  toPairs: [
    [
      "toPairs({name: 'John', age: 30})",
      [
        ["age", 30],
        ["name", "John"]
      ]
    ]
  ],
  fromPairs: [
    ["fromPairs([['name', 'John'], ['age', 30]]).age", 30],
    ["fromPairs([[1, 'a'], [2.5, 'b'], [nil, 'c'], [1, 'd']])", keyed([1, "d"], [float(2.5), "b"], [undefined, "c"])],
    ["let m = fromPairs([[1, 'a'], [1.0, 'b']]); m[1] + m[1.0] + (m['1'] ?? '-')", "ab-"],
    ["[fromPairs([[1, 'a']]), 1][0][1]", "a"]
  ],
  len: [["len([1, 2, 3]) + len({name: 'John'}) + len('Hello')", 9]],
  get: [
    ["get([1, 2, 3], 1)", 2],
    ["get([1, 2, 3], 9)", undefined],
    ["get({name: 'John'}, 'name') + (get({}, 'x') ?? '!')", "John!"],
    ["get([1, 2, 3], -1)", 3],
    ["get($env, 'evt').Line.Module + (get($env, 'nope') ?? '!')", "file!"],
    ["get([1, nil, 'é'][1], 0)", undefined],
    ["[get(['é', 1][0], 0), get(['é', 1][0], -1), get(['é', 1][0], 2)]", [0xc3, 0xa9, undefined]]
  ],
  bitand: [["bitand(0b1010, 0b1100)", 0b1000]],
  bitor: [["bitor(0b1010, 0b1100)", 0b1110]],
  bitxor: [["bitxor(0b1010, 0b1100)", 0b110]],
  bitnand: [["bitnand(0b1010, 0b1100)", 0b10]],
  bitnot: [["bitnot(0b1010)", -0b1011]],
  bitshl: [["bitshl(0b101101, 2)", 0b10110100]],
  bitshr: [["bitshr(0b101101, 2)", 0b1011]],
  bitushr: [["bitushr(-0b101, 2)", undefined]]
}

describe("every documented function", () => {
  const all = Object.entries(cases).flatMap(([name, each]) =>
    each.map(([expression, value]) => ({ name, expression, value }))
  )

  it.each(all.filter(({ name }) => name !== "bitushr"))("$name: $expression", ({ expression, value }) => {
    expect(evaluate(expression)).toEqual(value)
  })

  it("bitushr gives what has more than 53 bits only as an error", () => {
    expect(() => evaluate("bitushr(-5, 2)")).toThrow(ExpressionError)
    expect(evaluate("bitushr(-5, 60)")).toBe(15)
  })

  it("is here", () => {
    expect([...builtins.keys(), ...predicateArity.keys()].filter((name) => !(name in cases))).toEqual([])
    expect(() => evaluate("now()")).toThrow(/an expression sees no clock/)
  })
})

it.each([
  "groupBy([1], [#])",
  "groupBy([1], {a: #})",
  "groupBy([evt], #)",
  "get(1, 2)",
  "get('abc', 1)",
  "get(nil, 'a')",
  "get(evt.Line, 'Raw')",
  "get(evt.Parsed, 1)",
  "get(evt.Parsed, nil)",
  "get([1], 'a')",
  "get([1], 1.0)",
  "get([1], nil)",
  "UnmarshalJSON('{}', fromPairs([]), 'a')",
  "duration('1s') / 2",
  "duration('1s') * 'a'"
])("%s has no meaning", (text) => {
  expect(() => evaluate(text)).toThrow(ExpressionError)
})

it.each([
  ["groupBy([[1], 'a'], #)", /array cannot be the key of a map/],
  ["groupBy([evt, 'a'], #)", /cannot be the key of a map/],
  ["fromPairs([[evt.Parsed, 1]])", /map cannot be the key of a map/],
  ["groupBy([1], #)[[1]]", /array cannot be the key of a map/],
  ["get([[1], 1][0], ['a', 1][0])", /an index must be an int, not string/],
  ["get([{a: 1}, 1][0], [1, ''][0])", /a key of a map is a string, not int/],
  ["get([evt, 1][0], [1, ''][0])", /a field of Event is named, not int/]
])("%s fails", (text, message) => {
  expect(() => evaluate(text)).toThrow(message)
  expect(() => evaluate(text)).toThrow(EvaluationError)
})

describe("the syntax that the language documents", () => {
  it.each([
    ["// a comment\n 1 + /* another */ 2", 3],
    ["0x1F + 0b11 + 0o17 + 1_000", 1049],
    [".5 + 1e3", float(1000.5)],
    ["`raw \\n text`", "raw \\n text"],
    ["'\\x41\\u00e9\\t'", "Aé\t"],
    ["'Arthur' + ' ' + 'Dent'", "Arthur Dent"],
    ["'hello' matches 'h.*o' && 'hello' contains 'ell' && 'hello' startsWith 'he' && 'hello' endsWith 'lo'", true],
    ["not ('a' in ['b']) and 'a' not in ['b'] and !('a' contains 'b') and 'a' not contains 'b'", true],
    ["2 ** 3 ^ 2", float(512)],
    ["7 % 3 + 7 / 2", float(4.5)],
    ["1 < 2 <= 2 > 1", true],
    ["true ? 'a' : 'b'", "a"],
    ["nil ?? 'b' ?? 'c'", "b"],
    ["if 1 > 2 { 'a' } else if 2 > 1 { 'b' } else { 'c' }", "b"],
    ["let x = 42; let y = x * 2; y + 1", 85],
    ["1..3 == [1, 2, 3]", true],
    ["1..5 | filter(# > 2) | map(# * 2) | sum()", 24],
    ["'Hello World' | lower() | split(' ') | first()", "hello"],
    ["[1, 2, 3, 4, 5][1:4] == [2, 3, 4] && [1, 2, 3][:-1] == [1, 2] && [1, 2, 3][-2:] == [2, 3]", true],
    ["{'a b': 1}['a b'] + {a: {b: 2}}.a.b", 3],
    ["{a: nil}?.a?.b?.c", undefined],
    ["filter(1..3, {let y = #; any([2], # == y)})", [2]],
    ["map([[1, 2], [3]], len(#)) == [2, 1]", true],
    ["all([{t: 'a'}, {t: 'b'}], len(.t) == 1)", true],
    ["$env.evt.Line.Module + $env['evt'].Line.Module", "filefile"],
    ["'evt' in $env && 'nope' not in $env", true],
    ["$env?.nope", undefined],
    ["$env?.nope?.x ?? $env?.evt.Line.Module", "file"]
  ])("%s", (expression, value) => {
    expect(evaluate(expression)).toEqual(value)
  })

  it("knows no variable by a name that is computed, and fails at load where a constant cannot be", () => {
    expect(() => evaluate("$env[evt.Line.Raw]")).toThrow(ExpressionError)
    expect(() => evaluate("$env.nope")).toThrow(ExpressionError)
    expect(() => evaluate("$env?.nope.x")).toThrow(EvaluationError)
    expect(() => evaluate("evt?.nope")).toThrow(ExpressionError)
    for (const text of [
      ...["duration('10 minutes')", "date('14 o clock')", "timezone('Mars/Olympus')", "int('x')", "1 % 0"],
      ...["false && 5 + 1 % (1 - 1) == 5", "9007199254740991 + 1 + 1", "duration('2562047h') * 2"]
    ])
      expect(() => evaluate(text)).toThrow(/this fails always/)
  })

  it("formats and moves times as Go does", () => {
    const at = (expression: string) => evaluate(`let t = date('2024-02-29T03:04:05.6789+01:00'); ${expression}`)
    expect(at("t.Format('Mon Jan _2 15:04:05.000 -0700 MST 2006')")).toBe("Thu Feb 29 03:04:05.678 +0100 +0100 2024")
    expect(at("t.Format('Monday, January 02 06 3:4:5,999999 pm Z07:00 002 __2 _2006')")).toBe(
      "Thursday, February 29 24 3:4:5,6789 am +01:00 060  60 _2024"
    )
    expect(at("t.UTC().Format('2006-01-02T15:04:05Z07:00')")).toBe("2024-02-29T02:04:05Z")
    expect(at("t.AddDate(1, 0, 0).Format('2006-01-02')")).toBe("2025-03-01")
    expect(at("t.AddDate(0, -1, 1).Format('2006-01-02')")).toBe("2024-01-30")
    expect(at("t.Truncate(duration('1h')).Format('15:04:05')")).toBe("03:00:00")
    expect(at("t.Round(duration('1h')).Format('15:04:05')")).toBe("03:00:00")
    expect(at("t.Truncate(duration('3h')).Format('15:04:05')")).toBe("01:00:00")
    expect(at("t.Round(duration('3h')).Format('15:04:05')")).toBe("04:00:00")
    expect(at("t.Add(duration('-4h')).Day()")).toBe(28)
    expect(at("t.Compare(t) == 0 && not t.IsZero() && date('0001-01-01').IsZero()")).toBe(true)
    expect(at("t.In(timezone('America/New_York')).Format('15:04 -07')")).toBe("21:04 -05")
  })

  it("reads what the clocks of a zone show as the dates of log lines are read", () => {
    const shown = (local: string, zone = "Europe/Zurich") =>
      evaluate(`date('${local}', '2006-01-02 15:04', '${zone}').Format('15:04 -0700')`)
    expect(shown("2024-07-01 12:00")).toBe("12:00 +0200")
    // Shown twice: the first time.
    expect(shown("2024-10-27 02:30")).toBe("02:30 +0200")
    expect(shown("2024-10-27 03:00")).toBe("03:00 +0100")
    // Never shown: what the clocks had instead.
    expect(shown("2024-03-31 02:30")).toBe("03:30 +0200")
    expect(shown("2024-03-10 02:30", "America/New_York")).toBe("03:30 -0400")
    const instant = evaluate("date('2024-03-31 02:30', '2006-01-02 15:04', 'Europe/Zurich').Unix()")
    expect(parseDate("2024-03-31 02:30", { observedAt: 0, zone: "Europe/Zurich" })?.instant).toBe(
      Number(instant) * 1000
    )
  })

  it("has the methods of Go's durations", () => {
    const of = (expression: string) => evaluate(`let d = duration('-1h29m30s'); string(${expression})`)
    expect(of("d.Abs()")).toBe("1h29m30s")
    expect(of("d.Round(duration('1h'))")).toBe("-1h0m0s")
    expect(of("d.Round(duration('1m'))")).toBe("-1h30m0s")
    expect(of("d.Truncate(duration('1m'))")).toBe("-1h29m0s")
    expect(of("d.Truncate(duration('0s')) == d && d.Round(duration('-1s')) == d")).toBe("true")
    expect(of("d.Nanoseconds()")).toBe("-5370000000000")
    expect(evaluate("date('2026-01-01T00:00:00.123456Z').UnixMicro()")).toBe(1_767_225_600_123_456)
    expect(() => evaluate("duration('100000h').Nanoseconds()")).toThrow(/too large for an int/)
  })

  it("cannot do with texts of a line what has no meaning", () => {
    const event = { ...exampleEvent(), Meta: new KeptFields("Meta", [["x", "nonsense"]]) }
    for (const text of ["date(evt.Meta.x)", "timezone(evt.Meta.x)", "duration(evt.Meta.x)", "fromJSON(evt.Meta.x)"])
      expect(() => evaluate(text, event)).toThrow(EvaluationError)
  })
})
