/** Lines are the attacker's to write: no function of the language takes long over any text, and none breaks. */
import "../../services/engine/linear-regex.ts"
import { afterAll, describe, expect, it } from "vitest"
import { allowedMs, costOf, knownWork, linearEngineWork } from "../../fixtures/cost.ts"
import { eventEnvironment } from "./environment/event.ts"
import { EvaluationError } from "./error.ts"
import { exampleEvent } from "./example.fixture.ts"
import { compileExpression } from "./expression.ts"

knownWork.push(linearEngineWork())

/** As much of a line as rules see. */
const longest = 65_536

const full = (unit: string): string => unit.repeat(Math.ceil(longest / unit.length)).slice(0, longest)

/** What the functions read, begun over and over, never ended, or with as many parts as there is room for. */
const texts: ReadonlyArray<string> = [
  ..."a 1-:.,\"\\%&=[{(<*?/;'\n\0",
  ...["ß", "ſ", "Ж", "Σ", "İ", "\u{1f600}", "\ud800", "\u2028", "\r\n"],
  ...[
    "a,b",
    "a&",
    "a=1&",
    "a=1 ",
    'a="b\\"c" ',
    "a= ",
    "1:",
    "1.",
    "::",
    "%41",
    "%ff",
    "a|",
    "*a",
    "?*",
    "1h",
    "2026-"
  ],
  ...[
    '\\"',
    '{"a":',
    '["a",',
    '"\\u0041',
    "<a>",
    '<a b="c" ',
    "&amp;",
    "<!--",
    "<![CDATA[",
    "<?x",
    "<!DOCTYPE [",
    "QUJD"
  ],
  ...["%s", "%v", "%999999d", "%[1]*d", "%[1]x", "%.1[1]s", "%[1]e", "a://"]
]
  .map(full)
  .concat(
    `${full(" ").slice(1)}x`,
    `a="${full("b")}`,
    `[${full("1,")}1]`,
    `{${Array.from({ length: 6_000 }, (_, n) => `"k${n}":1`).join(",")}}`,
    `{"a":"${"\\u0041".repeat(10_000)}"}`,
    `1e${full("9")}`,
    `${"[".repeat(250)}${"]".repeat(250)}`,
    `<a ${Array.from({ length: 8_000 }, (_, n) => `b${n}="c"`).join(" ")}/>`,
    `${"<a>".repeat(9_000)}${"</a>".repeat(9_000)}`,
    `<a>${"<b/>".repeat(15_000)}</a>`,
    `<Event><System>${"<Data Name='x'>y</Data>".repeat(2_700)}</System></Event>`,
    `${"(".repeat(400)}a${")*".repeat(400)}`,
    `${"<a>".repeat(200)}${"<a/>".repeat(16_000)}${"</a>".repeat(200)}`,
    `[${Array.from({ length: 900 }, (_, n) => n)}${",899".repeat(15_000)}]`,
    `[${Array.from({ length: 900 }, (_, n) => `[${n}]`)}${",[899]".repeat(9_000)}]`,
    `${"[".repeat(250)}${"1,".repeat(32_000)}1${"]".repeat(250)}`,
    `*${"a".repeat(16_000)}b`,
    `${"a".repeat(8_000)}b${"a".repeat(8_000)}`,
    "a{1000}".repeat(9_000),
    "\\pL".repeat(300)
  )

const raw = "evt.Line.Raw"

const expressions: ReadonlyArray<string> = `
Upper(R) · Lower(R) · TrimSpace(R) · Trim(R, R) · TrimLeft(R, " ") · TrimRight(R, "x ") · TrimPrefix(R, R) · trim(R, R)
Split(R, "") · Split(R, ",") · SplitN(R, ",", 1000000) · SplitAfter(R, "a") · Fields(R) · split(R, "") · splitAfter(R, ",")
Join(Split(R, ""), R) · Join(Split(R, "a"), ",") · Replace(R, "a", R, -1) · ReplaceAll(R, "", "xxxxxxxxxx") · replace(R, "a", R)
repeat(R, 16) · repeat(R, 1000000) · Index(R, R) · Index(R, "aaaaaaaaaaaaaab") · IndexAny(R, R) · lastIndexOf(R, "q")
Match("*a*a*a*a*a*a*b", R) · Match("?*?*?*?*?*b", R) · Match(R, R) · Match(R, "aaaaaaaaaaaaaaaaaaaaaaaa")
B64Decode(R) · fromBase64(R) · toBase64(R) · Sprintf(R, R) · Sprintf(R, 1, 2, 3) · Sprintf("%q", R) · Sprintf("%x", R) · Sprintf("%# x", R) · Sprintf("%+q", Split(R, "")) · Sprintf(R, Split(R, "")) · Sprintf(R, 5e-324) · Sprintf(R, {"a": R}) · any(1..9999, {Sprintf(R, #) == ""})
any(1..9999, {XMLGetNodeValue(R + string(#), "/a/b") == "x"}) · any(1..9999, {len(ParseQuery(R + string(#))) < 0}) · any(1..9999, {JsonExtract(R, "q" + string(#)) == "x"}) · any(1..9999, {IndexAny(R, "q" + string(#)) == -2})
IpInRange(R, "192.0.2.0/24") · IpInRange("192.0.2.1", R) · IpToRange(R, "/64") · IpToRange("192.0.2.1", R) · IsIP(R) · IsIPV6(R)
Distance(R, R, R, R) · Atof(R) · int(R) · float(R) · ParseUnix(R) · duration(R) · string(R) · R[100:60000] · R + R + R
Match(R, repeat("a", 48000)) · repeat("a", 48000) contains R · lastIndexOf(repeat("a", 48000), R) · Replace(repeat("a", 48000), R, "", -1)
uniq(fromJSON(R)) · sort([R + "a", R + "b", R + "c"]) · string(fromJSON(R)) · len(R) · XMLGetNodeValue(R, "//*//c")
JsonExtract(R, "a.b.c") · JsonExtract(R, "k5999") · JsonExtract(R, R) · JsonExtract(R, "[30000]") · JsonExtractUnescape(R, "a")
JsonExtractLib(R, "a", "b") · JsonExtractSlice(R, "a") · JsonExtractObject(R, "a") · UnmarshalJSON(R, evt.Unmarshaled, "x")
ToJsonString(R) · toJSON(R) · fromJSON(R) · ToJsonString(fromJSON(R)) · ParseKV(R, evt.Unmarshaled, "x")
ParseKVLax(R, evt.Unmarshaled, "x") · XMLGetNodeValue(R, "/Event/System/Data[@Name='z']") · XMLGetNodeValue(R, "/a/b")
XMLGetNodeValue(R, R) · XMLGetNodeValue(R, "//a//a//a//b") · XMLGetAttributeValue(R, "/a", "b7999")
QueryUnescape(R) · PathUnescape(R) · QueryEscape(R) · PathEscape(R) · ParseUri(R) · ParseQuery(R) · ExtractQueryParam(R, "q")
R matches "(a|aa)+$" · R matches R · "aaaaaaaaaaaaaaaa" matches R · R contains R · R in Split(R, ",") · LookupFile(R, "x")
any(Split(R, ""), # == "q") · all(Split(R, ""), any(Split(R, ""), # == "q")) · uniq(Split(R, ",")) · Distinct(Split(R, ""))
sort(Split(R, "")) · groupBy(Split(R, ""), #) · map(Split(R, ""), Upper(R)) · map(1..1000, Lower(R)) · filter(1..100000, # > 5)
count(Split(R, ""), # matches "a") · reduce(Split(R, ""), #acc + #, "") · Flatten([Split(R, ""), Split(R, "")])
`
  .trim()
  .split(/ · |\n/)
  .map((text) => text.replaceAll(/\bR\b/g, raw))

describe("hostile texts", () => {
  const costs: Array<{ readonly ms: number; readonly expression: string; readonly text: string }> = []

  afterAll(() => {
    const slowest = costs.toSorted((one, other) => other.ms - one.ms).slice(0, 5)
    console.log(slowest.map(({ ms, expression, text }) => `${ms.toFixed(1)} ms  ${expression}  ${text}`).join("\n"))
  })

  it.each(expressions)("cost %s little", { timeout: 600_000 }, (expression) => {
    const { evaluate } = compileExpression(expression, { environment: eventEnvironment })
    for (const text of texts) {
      const ms = costOf((round) => {
        const Line = { ...exampleEvent().Line, Raw: `${text}${round}`.slice(-longest) }
        try {
          evaluate({ evt: exampleEvent({ Line }) })
        } catch (error) {
          expect(error).toBeInstanceOf(EvaluationError)
        }
      })
      costs.push({ ms, expression, text: JSON.stringify(text.slice(0, 20)) })
    }
    expect(costs.filter((cost) => cost.expression === expression && cost.ms > allowedMs)).toEqual([])
  })
})
