import fc from "fast-check"
import { describe, expect, it } from "vitest"
import type { Context } from "../environment.ts"
import { EvaluationError, ExpressionError, emptyContext } from "../expression.ts"
import { Float } from "../float.ts"
import { KeptFields } from "../../text/fields.ts"
import { evaluate, exampleEvent } from "../example.fixture.ts"
import { Time } from "../time.ts"

const line = (raw: string) => ({ ...exampleEvent(), Line: { ...exampleEvent().Line, Raw: raw } })

describe("text", () => {
  it.each([
    ["Upper('straße é') + Lower('ÀÉ İ ΟΔΟΣ ς')", "STRAßE Éàé i οδοσ ς"],
    ["TrimSpace(' \\t a b\\u00a0 ')", "a b"],
    ["Trim('xxaxx', 'x') + TrimLeft('xxa', 'x') + TrimRight('axx', 'x')", "aaa"],
    ["TrimPrefix('[a]', '[') + TrimSuffix('[a]', ']') + trimSuffix('a', '')", "a][aa"],
    ["Split('a,b,c', ',')[-1]", "c"],
    ["SplitN('a,b,c', ',', 2)", ["a", "b,c"]],
    ["SplitAfter('a,b', ',')", ["a,", "b"]],
    ["split('é1', '')", ["é", "1"]],
    ["Fields('  a  b ')", ["a", "b"]],
    ["Join(['a', 'b'], '-')", "a-b"],
    ["Index('éa', 'a')", 2],
    ["lastIndexOf('a:b:c', ':')", 3],
    ["IndexAny('golang', 'gy')", 0],
    ["Replace('aaa', 'a', 'b', 2) + ReplaceAll('ab', '', '-')", "bba-a-b-"],
    [
      "Sprintf('%s|%5d|%-5d|%05.1f|%x|%q|%v|%t|%%', 'a', 42, 42, 1.25, 'hi', 'q', [1, nil], true)",
      'a|   42|42   |001.2|6869|"q"|[1 <nil>]|true|%'
    ],
    ["Sprintf('%d', 'a') + Sprintf('%d') + Sprintf('', 1)", "%!d(string=a)%!d(MISSING)%!(EXTRA int=1)"],
    ["Sprintf('%+v', [3])", "[3]"],
    ["string(1000000.0) + ' ' + string(123456.5) + ' ' + string(0.00001)", "1e+06 123456.5 1e-05"],
    ["ToString('a') + ToString(1)", "a"],
    ["B64Decode('YcOp') + fromBase64(toBase64('é'))", "aéé"],
    ["toJSON({b: [1, 1.5, '<'], a: nil})", '{\n  "a": null,\n  "b": [\n    1,\n    1.5,\n    "\\u003c"\n  ]\n}'],
    ["ToJsonString({'10': 1, '2': 2})", '{"10":1,"2":2}'],
    ["int('12') + int(3.9) + int('-1')", 14],
    ["float('1.5')", new Float(1.5)],
    ["type(1) + type(1.0) + type('') + type(nil) + type([]) + type({}) + type(true)", "intfloatstringnilarraymapbool"]
  ])("%s", (text, value) => {
    expect(evaluate(text)).toEqual(value)
  })

  it.each([
    "int('x')",
    "int('')",
    "float('x')",
    "duration('x')",
    "B64Decode('*')",
    "fromJSON('{')",
    "evt.Unmarshaled.x | Lower()"
  ])("%s is an error", (text) => {
    // What is constant fails when the rule is loaded, what a line brings fails on that line.
    expect(() => evaluate(text)).toThrow(text.includes("evt") ? EvaluationError : ExpressionError)
    const [, name, value] = /^(\w+)\('(.*)'\)$/.exec(text) ?? []
    if (name === undefined) return
    const event = { ...exampleEvent(), Meta: new KeptFields("Meta", [["x", value!]]) }
    expect(() => evaluate(`${name}(evt.Meta.x)`, event)).toThrow(EvaluationError)
  })

  it.each([
    ["foo", "foo", true],
    ["foo", "bar", false],
    ["foo*", "foo", true],
    ["*foo", "barfoo", true],
    ["foo*r", "foobazr", true],
    ["foo?ar", "foobazr", false],
    ["*foo?ar?", "foobar", false],
    ["*foo?ar?", "rafoobare", true],
    ["", "", true],
    ["", "a", false],
    ["?", "", false],
    ["**", "a", true],
    ["?", "é", false],
    ["a??b", "aéb", true],
    ["é*", "éa", true],
    ["*?", "ü", true]
  ])("Match(%s, %s)", (pattern, text, value) => {
    expect(evaluate(`Match("${pattern}", "${text}")`)).toBe(value)
  })

  it("matches globs in bounded time", () => {
    expect(evaluate(`Match("${"*a".repeat(40)}b", repeat("a", 20000))`)).toBe(false)
  })
})

describe("collections", () => {
  it.each([
    ["sort([3, 1, 2.5], 'desc')", [3, new Float(2.5), 1]],
    ["reverse([1, 2]) == [2, 1] && take([1, 2, 3], 2) == [1, 2]", true],
    ["uniq(['a', 1, 'a', 1.0])", ["a", 1]],
    ["concat([1], ['a'])", [1, "a"]],
    ["flatten([1, [2, [3]]])", [1, 2, 3]],
    ["Distinct(Flatten([1, [1, 2]]))", [1, 2]],
    ["keys({a: 1, b: 2})", ["a", "b"]],
    ["fromPairs(toPairs({a: 1})) == {a: 1}", true],
    ["min(3, [1, 2]) + max(1, 5)", 6],
    ["mean([1, 2])", new Float(1.5)],
    ["median(3, 1, 2)", new Float(2)],
    ["abs(-3) + bitand(6, 3) + bitshl(1, 4) + bitushr(-1, 60)", 36],
    ["round(-2.5)", new Float(-3)],
    ["first([]) ?? last(['x'])", "x"],
    ["KeyExists('a', {a: 1}) && Get(['x'], 5) == ''", true]
  ])("%s", (text, value) => {
    expect(evaluate(text)).toEqual(value)
  })
})

describe("JSON", () => {
  it.each([
    ['{"a":{"b":"x\\u00e9\\/"}}', "a.b", "x\\u00e9\\/"],
    ['{"a":[1,{"b":true}]}', "a[1].b", "true"],
    ["[1,[2,3]]", "[1]", "[2,3]"],
    ['{"a":null}', "a", "null"],
    ['{"a": {"x": "}\\""}, "b" : 2 }', "b", "2"],
    ['prefix {"a":1}', "a", "1"],
    ['{"a\\u0062":1}', "ab", "1"],
    ['{"a":1', "a", "1"],
    ['{"a"', "a", ""],
    ['{"a":', "a", ""],
    ['{"a":[1]}', "a[7]", ""],
    ['{"a":"x', "a", ""],
    ["", "a", ""],
    // As CrowdSec 1.4.6 finds them.
    ['{"b""c","a":"damaged before"}', "a", "damaged before"],
    ['{"b":1,"c" {"a":2},"a":"damaged before"}', "a", "damaged before"],
    ['{"c": x y ,"a":1}', "a", "1"],
    ['{"a":1 "b":2}', "b", "2"],
    ['app: {"a":1}', "a", ""],
    ['app[1] {"a":1}', "a", "1"],
    ['{"a":{"x":1},"a":{"b":2}}', "a.b", "2"],
    ['{"\\u00":1,"a":2}', "a", ""],
    ['{"a":[{"b":1}],"b":2}', "b", "2"],
    ['{"a":[1,[2,3]]}', "a[1][0]", "2"],
    ['[{"a":1}]', "a", ""],
    ['{"a":undefined}', "a", ""]
  ])("JsonExtract(%s, %s)", (json, path, value) => {
    expect(evaluate(`JsonExtract(evt.Line.Raw, "${path}")`, line(json))).toBe(value)
  })

  it("unescapes", () => {
    const json = '{"log": "a\\n\\u00e9", "n": 1}'
    expect(evaluate("JsonExtractUnescape(evt.Line.Raw, 'log')", line(json))).toBe("a\né")
    expect(evaluate("JsonExtractUnescape(evt.Line.Raw, 'n')", line(json))).toBe("")
    expect(evaluate("JsonExtractUnescape(evt.Line.Raw)", line('"a\\u0062"'))).toBe("ab")
    expect(evaluate("JsonExtractLib(evt.Line.Raw)", line(" [1, 2] "))).toBe("[1, 2]")
    expect(evaluate("JsonExtractUnescape(evt.Line.Raw, 'a')", line('{"a": "\\ud800"}'))).toBe("")
  })

  it("reads arrays and objects", () => {
    const json = line('{"a": [1, "x"], "o": {"k": "v"}}')
    expect(evaluate("JsonExtractSlice(evt.Line.Raw, 'a')[1] + JsonExtractObject(evt.Line.Raw, 'o').k", json)).toBe("xv")
    expect(evaluate("JsonExtractSlice(evt.Line.Raw, 'o')", json)).toBeUndefined()
  })

  it("reads what stands beside something that is nested too deep", () => {
    const deep = `${"[".repeat(30_000)}${"]".repeat(30_000)}`
    const json = line(`{"before": "a", "deep": ${deep}, "after": "b"}`)
    const read = "UnmarshalJSON(evt.Line.Raw, evt.Unmarshaled, 'x')"
    expect(evaluate(`${read} == nil ? evt.Unmarshaled.x.before + evt.Unmarshaled.x.after : ''`, json)).toBe("ab")
  })

  it("refuses what is not JSON, or too large a number", () => {
    for (const json of ["{", "", "1e999"]) {
      expect(() => evaluate("UnmarshalJSON(evt.Line.Raw, evt.Unmarshaled, 'x')", line(json))).toThrow(EvaluationError)
    }
  })

  it("finds in any JSON what a full parse finds", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.oneof(fc.integer(), fc.boolean(), fc.constant(null))), (object) => {
        for (const [key, value] of Object.entries(object)) {
          if (/[.[]/.test(key) || key === "") continue
          const event = { ...line(JSON.stringify(object)), Meta: new KeptFields("Meta", [["key", key]]) }
          expect(evaluate("JsonExtract(evt.Line.Raw, evt.Meta.key)", event)).toBe(String(value))
        }
      })
    )
  })
})

describe("XML", () => {
  const xml = `<Event xmlns="urn:x"><!-- c --><System><Provider Name='P &amp; Q'/><EventID>4625</EventID></System>
    <EventData><Data Name="a">1&lt;2</Data><Data Name="b"><![CDATA[<raw>]]></Data><Data>x<i/>y</Data></EventData></Event>`

  it.each([
    ["XMLGetNodeValue(evt.Line.Raw, '/Event/System[1]/EventID')", "4625"],
    [`XMLGetNodeValue(evt.Line.Raw, "/Event/EventData[1]/Data[@Name='a']")`, "1<2"],
    [`XMLGetNodeValue(evt.Line.Raw, "//Data[@Name='b']")`, "<raw>"],
    ["XMLGetNodeValue(evt.Line.Raw, '/Event/EventData[1]/Data[3]')", "x"],
    ["XMLGetNodeValue(evt.Line.Raw, '/Event/EventData/Data[-1]')", "x"],
    ["XMLGetNodeValue(evt.Line.Raw, '/Event/*/Data')", "1<2"],
    [`XMLGetNodeValue(evt.Line.Raw, "/Event/System[EventID='4625']/EventID/../EventID")`, "4625"],
    ["XMLGetAttributeValue(evt.Line.Raw, '/Event/System[1]/Provider', 'Name')", "P & Q"],
    ["XMLGetAttributeValue(evt.Line.Raw, '/Event/System[1]/Provider', 'Nope')", ""],
    [`XMLGetNodeValue(evt.Line.Raw, '/Event/EventData[1]/Data[@Name="a"]')`, "1<2"],
    [`XMLGetNodeValue(evt.Line.Raw, '/Event/System[EventID="4625"]/EventID')`, "4625"],
    [`XMLGetAttributeValue(evt.Line.Raw, "//Data[text()='<raw>']", 'Name')`, "b"],
    [`XMLGetNodeValue(evt.Line.Raw, "//*[text()]")`, "4625"],
    [`XMLGetNodeValue(evt.Line.Raw, "/*/*[local-name()='System']/*[name()='EventID']")`, "4625"],
    [`XMLGetAttributeValue(evt.Line.Raw, "//Provider[namespace-uri()='urn:x'][@Name]", 'Name')`, "P & Q"],
    [`XMLGetNodeValue(evt.Line.Raw, "//Data[namespace-prefix()]")`, ""],
    [`XMLGetNodeValue(evt.Line.Raw, "//Data[nothing()='x']")`, ""],
    ["XMLGetNodeValue(evt.Line.Raw, '/Nope')", ""],
    ["XMLGetNodeValue(evt.Line.Raw, '/Event[')", ""]
  ])("%s", (text, value) => {
    expect(evaluate(text, line(xml))).toBe(value)
  })

  it("reads one field whatever somebody put into another", () => {
    for (const hostile of ["\u0001", "\u000b", "]]>", "\ufffe"]) {
      const raw = line(`<e><u>${hostile}</u><ip n="${hostile}">192.0.2.1</ip></e>`)
      expect(evaluate("XMLGetNodeValue(evt.Line.Raw, '/e/ip')", raw)).toBe("192.0.2.1")
    }
    const deep = line(`<e><u>${"<a>".repeat(5_000)}${"</a>".repeat(5_000)}</u><ip>192.0.2.1</ip></e>`)
    expect(evaluate("XMLGetNodeValue(evt.Line.Raw, '/e/ip')", deep)).toBe("192.0.2.1")
    expect(evaluate("XMLGetNodeValue(evt.Line.Raw, '//ip')", deep)).toBe("192.0.2.1")
  })

  it.each(["<a>", "<a></b>", "<a x=1/>", "<a>&nope;</a>", "</a>", "<a", `${"<a>".repeat(1000)}`])(
    "%s is no XML",
    (raw) => {
      expect(evaluate("XMLGetNodeValue(evt.Line.Raw, '/a')", line(raw))).toBe("")
    }
  )
})

describe("addresses", () => {
  it.each([
    ["IpInRange('192.168.0.1', '192.168.0.0/24')", true],
    ["IpInRange('192.168.0', '192.168.0.0/24')", false],
    ["IpInRange('192.168.0.1', '192.168.0.1')", false],
    ["IpInRange('2001:db8::1', '2001:db8::/32')", true],
    ["IpInRange('', '')", false],
    ["IpToRange('192.168.1.1', '16')", "192.168.0.0/16"],
    ["IpToRange('192.168.1.1', '35')", ""],
    ["IpToRange('a.b.c.d', '24')", ""],
    ["IpToRange('192.168.1.1', 'test')", ""],
    ["IsIPV6('::1') && !IsIPV6('::ffff:1.2.3.4') && IsIPV4('1.2.3.4') && !IsIP('x')", true]
  ])("%s", (text, value) => {
    expect(evaluate(text)).toBe(value)
  })
})

describe("URLs", () => {
  it.each([
    ["QueryUnescape('%C3%A9+%2B')", "é +"],
    ["PathUnescape('a+b%2F')", "a+b/"],
    ["QueryEscape('a b/é~')", "a+b%2F%C3%A9~"],
    ["PathEscape('a b/é@')", "a%20b%2F%C3%A9@"],
    [
      "ParseUri('/foo?a=1&b=2#c=3')",
      new Map([
        ["a", ["1"]],
        ["b", ["2"]]
      ])
    ],
    ["ParseQuery('a=1&a=%20')", new Map([["a", ["1", " "]]])],
    [
      "ParseQuery('a=1;b=2&c=%&%zz=%4')",
      new Map([
        ["a", ["1;b=2"]],
        ["c", ["%"]],
        ["%zz", ["%4"]]
      ])
    ],
    ["ExtractQueryParam('/x?id=7', 'id')", ["7"]],
    ["ExtractQueryParam('/x?a=%zz&b;c=+%41%&id=1%20union', 'id')", ["1 union"]],
    ["ExtractQueryParam('/x?a=%zz&b;c=+%41%&id=1%20union', 'b;c')", [" A%"]],
    ["ExtractQueryParam('/x%zz?id=1?2#3', 'id')", ["1?2#3"]],
    ["ExtractQueryParam('id=1', 'id')", []],
    ["ParseUri('/foo?a=%zz')", new Map()],
    ["ParseUri('2026-03-02T09:00:00Z|/?q=1')", new Map()],
    ["ParseUri('/x?a=1;b=2')", new Map()],
    ["ParseUri('a:b@c/?q=1')", new Map([["q", ["1"]]])],
    ["ParseUri('b@c:1/?q=1')", new Map()]
  ])("%s", (text, value) => {
    expect(evaluate(text)).toEqual(value)
  })
})

describe("places", () => {
  const context: Context = {
    ...emptyContext,
    geo: {
      city: (address) =>
        address === "192.0.2.1"
          ? { country: "FR", inEuropeanUnion: true, latitude: 48.5, longitude: 2 }
          : { country: "", inEuropeanUnion: false, latitude: 0, longitude: 0 },
      network: (address) =>
        address === "192.0.2.1"
          ? { number: 64_500, organization: "Example", range: "192.0.2.0/24" }
          : { number: 0, organization: "", range: "" }
    }
  }
  const of = (address: string) => ({ ...exampleEvent(), Meta: new KeptFields("Meta", [["ip", address]]) })

  it.each([
    ["IPToCountry(evt.Meta.ip)", "FR", "", ""],
    ["GeoIPEnrich(evt.Meta.ip)?.Country.IsoCode", "FR", "", "error"],
    ["GeoIPEnrich(evt.Meta.ip).Country.IsInEuropeanUnion", true, false, "error"],
    ["GeoIPEnrich(evt.Meta.ip).Location.Latitude > 48", true, false, "error"],
    ["GeoIPASNEnrich(evt.Meta.ip).AutonomousSystemNumber", 64_500, 0, "error"],
    ["GeoIPASNEnrich(evt.Meta.ip).AutonomousSystemOrganization", "Example", "", "error"],
    ["GeoIPRangeEnrich(evt.Meta.ip)?.String()", "192.0.2.0/24", undefined, "error"]
  ])("%s", (text, known, unknown, broken) => {
    expect(evaluate(text, of("192.0.2.1"), context)).toBe(known)
    expect(evaluate(text, of("192.0.2.9"), context)).toBe(unknown)
    if (broken === "error") expect(() => evaluate(text, of("x"), context)).toThrow(EvaluationError)
    else expect(evaluate(text, of("x"), context)).toBe(broken)
  })

  it("are nil where there is no database", () => {
    expect(evaluate("GeoIPEnrich(evt.Meta.ip) == nil && GeoIPASNEnrich(evt.Meta.ip) == nil", of("192.0.2.1"))).toBe(
      true
    )
    expect(evaluate("GeoIPRangeEnrich(evt.Meta.ip)?.String() ?? 'none'", of("192.0.2.1"))).toBe("none")
    expect(() => evaluate("GeoIPEnrich(evt.Meta.ip).City.Names", of("192.0.2.1"))).toThrow(/City has no field City/)
  })

  it("know the addresses that an event is about", () => {
    const event = { ...exampleEvent(), ParseIPSources: () => ["192.0.2.1", "nonsense"] }
    expect(evaluate("map(evt.ParseIPSources(), .String())", event)).toEqual(["192.0.2.1"])
    const range = "GeoIPRangeEnrich(evt.Meta.ip).Contains(evt.ParseIPSources()[0])"
    expect(evaluate(range, { ...event, ...of("192.0.2.1"), ParseIPSources: () => ["192.0.2.77"] }, context)).toBe(true)
  })
})

describe("places and times", () => {
  it("reads floats as Go does, with an error or without", () => {
    expect(evaluate("Atof('1.5') == 1.5 && Atof('x') == 0 && Atof('1e999') > 1e300 && Atof('-1e999') < -1e300")).toBe(
      true
    )
  })

  it("measures distances", () => {
    expect((evaluate("Distance('51.45', '1.15', '41.54', '12.27')") as Float).value).toBeCloseTo(1389.1793118293067, 6)
    expect(() => evaluate("Distance('lol', '1.15', '41.54', '12.27')")).toThrow(ExpressionError)
    expect(() => evaluate("Distance(evt.Meta.lol, '1.15', '41.54', '12.27')")).toThrow(EvaluationError)
    expect(evaluate("FloatApproxEqual(1.0000001, 1) && !FloatApproxEqual(1.1, 1)")).toBe(true)
  })

  it("knows the detection time only", () => {
    const context: Context = { ...emptyContext, now: () => Time.fromMilliseconds(Date.UTC(2024, 1, 12, 15, 4, 5, 123)) }
    expect(evaluate("TimeNow()", exampleEvent(), context)).toBe("2024-02-12T15:04:05Z")
    expect(() => evaluate("TimeNow()")).toThrow(EvaluationError)
    expect(evaluate("ParseUnix('1707750245.123') + ParseUnix('x')")).toBe("2024-02-12T15:04:05Z")
    expect(() => evaluate("MedianInterval([evt.Time])")).toThrow(EvaluationError)
  })
})

it.each(["HTTPGet('x')", "Hostname()", "JA4H('x')", "IsAnomalous(evt.Line.Raw, evt.Line.Raw)"])(
  "%s is left out, and why",
  (text) => {
    expect(() => evaluate(text)).toThrow(/is not available: /)
  }
)

describe("the world outside", () => {
  const stash = new Map([["a\0k", "v"]])
  const lines = ["x", "y"]
  const context: Context = {
    ...emptyContext,
    files: {
      lines: (file) => (file === "list.txt" ? lines : undefined),
      matches: (file, text) => file === "re.txt" && /bad/.test(text),
      patterns: (file) => (file === "re.txt" ? ["bad"] : undefined),
      isKnownBot: (files, address, agent) => files.includes("bots.json") && address === "192.0.2.1" && agent === "good",
      lookup: (file, text) => (file === "map.json" && text === "/x" ? "tag" : ""),
      entries: () => undefined
    },
    stashes: {
      get: (name, key) => stash.get(`${name}\0${key}`) ?? "",
      set: (name, key, value) => stash.set(`${name}\0${key}`, value)
    }
  }

  it.each([
    ["'x' in File('list.txt') && 'z' not in File('list.txt')", true],
    ["evt.Meta.nope in File('list.txt')", false],
    ["'x' in File('nope.txt')", false],
    ["any(File('list.txt'), # == 'y')", true],
    ["RegexpInFile('very bad', 're.txt')", true],
    ["LookupFile('/x', 'map.json') + LookupFile('/y', 'map.json')", "tag"],
    ["MatchKnownBot('192.0.2.1', 'good', '/', 'no.json', 'bots.json')", true],
    ["MatchKnownBot('192.0.2.1', 'good', '/') || MatchKnownBot('192.0.2.2', 'good', '/', 'bots.json')", false],
    ["GetFromStash('a', 'k') + GetFromStash('a', 'nope')", "v"],
    ["SetInStash('a', 'n', 'w', duration('1h')); GetFromStash('a', 'n')", "w"]
  ])("%s", (text, value) => {
    expect(evaluate(text, exampleEvent(), context)).toBe(value)
  })
})

describe("key-value texts", () => {
  // The pattern that CrowdSec scans with: what the scanner must agree with.
  const pattern = /([^=\s]+)=(?:"([^"\\]*(?:\\.[^"\\]*)*)"|([^=\s]+)|\s*)/g

  it("are taken apart as CrowdSec's pattern does", () => {
    const texts = fc.string({ unit: fc.constantFrom("a", "b", "=", " ", '"', "\\", "\n") })
    fc.assert(
      fc.property(texts, (text) => {
        const event = line(text)
        const expected = new Map(
          [...text.matchAll(pattern)].map(([, key, quoted, bare]) => [key, quoted || bare || ""])
        )
        if (expected.size === 0) {
          expect(() => evaluate("ParseKV(evt.Line.Raw, evt.Unmarshaled, 'k')", event)).toThrow(EvaluationError)
        } else {
          evaluate("ParseKV(evt.Line.Raw, evt.Unmarshaled, 'k')", event)
          expect(new Map(event.Unmarshaled.get("k") as Map<string, string>)).toEqual(expected)
        }
      }),
      { numRuns: 3000, examples: [['a="\\\n"'], ['a="b\\"c" d="'], ['a=="b" c']] }
    )
  })

  it("take linear time", () => {
    const hostile = [`a="${'\\"'.repeat(50_000)}`, 'a="'.repeat(50_000), "a".repeat(200_000), '"'.repeat(200_000)]
    for (const text of hostile) {
      for (const name of ["ParseKV", "ParseKVLax"]) {
        try {
          evaluate(`${name}(evt.Line.Raw, evt.Unmarshaled, 'k')`, line(text))
        } catch (error) {
          expect(error).toBeInstanceOf(EvaluationError)
        }
      }
    }
  }, 2000)
})
