import { expect, test } from "vitest"
import { makeEngine } from "./engine.ts"
import { batchOf, plainParser, ruleFile, scenarioFile } from "./recorded.fixture.ts"
import { compileRuleset } from "./ruleset.ts"

const asked = { names: "asked" } as const
const line = ["- 192.0.2.1 word"]
const batch = batchOf({ observedAt: "2026-01-01T00:00:00Z" })

const scenario = (name: string, filter: string, more = "") =>
  ruleFile(
    "scenarios",
    `scenarios/test/${name}.yaml`,
    `type: trigger\nname: test/${name}\ndescription: t\nfilter: ${filter}\nlabels: {}\n${more}`
  )

test("what is broken is left out and named by file, line and key; the rest works", () => {
  const { ruleset, problems } = compileRuleset(
    [
      plainParser,
      scenario("unknown", "evt.Meta.word == nonsense()"),
      scenario("type", "evt.Meta.word"),
      scenarioFile("works", "type: trigger"),
      ruleFile(
        "parsers",
        "parsers/s00-raw/test/x.yaml",
        "name: test/x\ngrok:\n  pattern: '%{NOSUCHPATTERN:a}'\n  apply_on: Line.Raw\n"
      ),
      ruleFile(
        "parsers",
        "parsers/s00-raw/test/y.yaml",
        "name: test/y\nwhitelist:\n  ip:\n    - 300.1.1.1\n  cidr:\n    - 10.0.0.1\n"
      ),
      ruleFile(
        "parsers",
        "parsers/s00-raw/test/z.yaml",
        "name: test/z\nstatics:\n  - method: Nonsense\n    value: x\n  - value: x\n    target: source_ip\n"
      )
    ],
    asked
  )
  const gist = problems.map(
    ({ file, line: at, key, code, severity }) => `${severity} ${file}:${at} ${key ?? ""} ${code}`
  )
  expect(gist.sort()).toEqual([
    "error /rules/parsers/s00-raw/test/x.yaml:3 grok.pattern TST-GROK-UNKNOWN-NAME",
    "error /rules/parsers/s00-raw/test/y.yaml:4 whitelist.ip[0] TST-RULE-ADDRESS",
    "error /rules/parsers/s00-raw/test/y.yaml:6 whitelist.cidr[0] TST-RULE-RANGE",
    "error /rules/scenarios/test/type.yaml:4 filter TST-EXPR-TYPE",
    "error /rules/scenarios/test/unknown.yaml:4 filter TST-EXPR-NAME",
    "warning /rules/parsers/s00-raw/test/z.yaml:3 statics[0].method TST-RULE-METHOD",
    "warning /rules/parsers/s00-raw/test/z.yaml:6 statics[1].target TST-RULE-TARGET"
  ])
  expect(makeEngine(ruleset).pour(batch, line)).toMatchObject([{ overflow: { scenario: { name: "test/works" } } }])
})

test("a whitelist goes on without its broken entries: who is on it is not to be banned for a slip", () => {
  const { ruleset, problems } = compileRuleset(
    [
      plainParser,
      ruleFile(
        "parsers",
        "parsers/s00-raw/test/w.yaml",
        `name: test/w
filter: evt.Parsed.ip != ''
whitelist:
  reason: own
  ip: [192.0.2.256, 192.0.2.1]
  cidr: [198.51.100.1, 198.51.100.0/28]
  expression:
    - evt.Meta.source_ip in LookupHost('home.example.org')
    - evt.Mata.word == 'x'
    - evt.Meta.word == 'own'
`
      )
    ],
    asked
  )
  expect(problems.map(({ severity, code, key }) => `${severity} ${code} ${key}`)).toEqual([
    "error TST-RULE-ADDRESS whitelist.ip[0]",
    "error TST-RULE-RANGE whitelist.cidr[0]",
    "error TST-EXPR-NAME whitelist.expression[0]",
    "error TST-EXPR-NAME whitelist.expression[1]"
  ])
  const lines = ["- 192.0.2.1 a", "- 198.51.100.3 a", "- 203.0.113.1 own", "- 203.0.113.1 a"]
  const engine = makeEngine(ruleset)
  engine.pour(batch, lines)
  expect(engine.counters).toMatchObject({ parsed: 4, whitelisted: 3 })
})

test("what is wrong with an expression is told once, with its key and the nearest word that there is", () => {
  const { problems } = compileRuleset(
    [
      scenario("field", "evt.Mata.word == ''"),
      scenario("function", "Lowr('a') == ''"),
      scenario("group", "'true'", "groupby: 1 + 1\n")
    ],
    asked
  )
  expect(problems.map(({ message }) => message)).toEqual([
    "`filter`: Event has no field Mata; did you mean Meta?",
    "`filter`: there is no function Lowr; did you mean Lower?",
    "`groupby`: the result must be string, but is int"
  ])
})

test("what is wrong within a block is told with its own line", () => {
  const blocks = [
    "|\n  evt.Meta.a == '' &&\n  evt.Nope == ''",
    "|\n\n  evt.Nope == ''",
    ">-\n  evt.Nope == ''",
    "'evt.Meta.a == ``\n  && evt.Nope == ``'"
  ]
  const { problems } = compileRuleset(
    blocks.map((block, place) => scenario(`block-${place}`, block)),
    asked
  )
  // Of what YAML has folded into one line, the first is known.
  expect(problems.map(({ code, key, line: at }) => [code, key, at])).toEqual([
    ["TST-EXPR-NAME", "filter", 6],
    ["TST-EXPR-NAME", "filter", 6],
    ["TST-EXPR-NAME", "filter", 5],
    ["TST-EXPR-NAME", "filter", 4]
  ])
})

test("what works, but hardly as meant, is told: no text to tell events apart by, a list that nobody brings, a name twice", () => {
  const { ruleset, problems } = compileRuleset(
    [
      scenario("number", "'true'", "distinct: len(evt.Line.Raw)\n"),
      scenario("list", `"'a' in File('words.txt') || RegexpInFile('a', 'words.txt') || File(evt.Line.Raw) == []"`),
      scenario("listed", `"'a' in File('here.txt')"`, "data: [{source_url: x, dest_file: here.txt, type: string}]\n"),
      ruleFile("data", "here.txt", "a\n"),
      scenarioFile("one", "type: trigger"),
      ...["a", "b"].map((name) =>
        ruleFile("parsers", `parsers/s00-raw/test/${name}.yaml`, "author: me\nstatics: [{meta: x, value: y}]\n")
      ),
      {
        ...scenarioFile("one", "type: leaky\ncapacity: 1\nleakspeed: 1s"),
        path: "scenarios/test/two.yaml",
        file: "two"
      }
    ],
    asked
  )
  expect(problems.map(({ severity, code, key }) => `${severity} ${code} ${key}`).sort()).toEqual([
    "warning TST-DATA-UNKNOWN filter",
    "warning TST-DATA-UNKNOWN filter",
    "warning TST-RULE-DOUBTFUL distinct",
    "warning TST-RULE-SAME-NAME name"
  ])
  expect(ruleset.scenarios).toHaveLength(5)
})

test("a condition that says something else than it means is told: ranges compared as texts, patterns of a shell", () => {
  const { ruleset, problems } = compileRuleset(
    [
      scenario("compared", "evt.Meta.source_ip == '192.0.2.0/24'"),
      scenario("listed", "evt.Meta.source_ip not in ['192.0.2.1', '2001:db8::/32']"),
      scenario("filed", "evt.Parsed.ip in File('here.txt')", "data: [{dest_file: here.txt, type: string}]\n"),
      scenario("shell", "evt.Parsed.path matches '/users/*/edit'"),
      scenario("sound", "evt.Meta.source_ip == '192.0.2.1' && IpInRange(evt.Meta.source_ip, '192.0.2.0/24')"),
      scenario("range", "evt.Meta.SourceRange in ['192.0.2.0/24']"),
      scenario("slashes", "evt.Parsed.path matches '//*/|[^/]+/*a' && evt.Parsed.ip != '/24'"),
      ruleFile("data", "here.txt", "192.0.2.1\n198.51.100.0/24\n")
    ],
    asked
  )
  expect(ruleset.scenarios).toHaveLength(7)
  const told = "is compared letter by letter, and no address is written so; IpInRange(ADDRESS, RANGE) tells"
  expect(problems.map(({ severity, code }) => `${severity} ${code}`)).toEqual(
    problems.map(() => "warning TST-RULE-DOUBTFUL")
  )
  expect(problems.map(({ message }) => message)).toEqual([
    expect.stringContaining(`\`filter\`: 192.0.2.0/24 ${told}`),
    expect.stringContaining(`\`filter\`: 198.51.100.0/24 ${told}`),
    expect.stringContaining(`\`filter\`: 2001:db8::/32 ${told}`),
    expect.stringContaining('`filter`: "/*/" in a pattern is any number of slashes')
  ])
})

test("a condition that computes more patterns for each line than one evaluation may is told", () => {
  const patterns = (count: number) => Array.from({ length: count }, (_, n) => `/files/[a-z]+/secret-${n}$`).join("\n")
  const filter = (file: string) => `"any(File('${file}'), {evt.Parsed.path != '' && evt.Parsed.path matches #})"`
  const data = "data: [{dest_file: few.txt, type: string}, {dest_file: many.txt, type: string}]\n"
  const { problems } = compileRuleset(
    [
      scenario("few", filter("few.txt"), data),
      scenario("many", filter("many.txt")),
      scenario("in-file", "evt.Parsed.path in File('many.txt')"),
      ruleFile("data", "few.txt", patterns(50)),
      ruleFile("data", "many.txt", patterns(500))
    ],
    asked
  )
  expect(problems.map(({ severity, code, file, message }) => [severity, code, file, message])).toEqual([
    [
      "warning",
      "TST-RULE-DOUBTFUL",
      expect.stringContaining("many"),
      expect.stringContaining("RegexpInFile(TEXT, FILE) tries them all")
    ]
  ])
})

test("a static whose result no field can hold is told", () => {
  const { problems } = compileRuleset(
    [
      ruleFile(
        "parsers",
        "parsers/s00-raw/test/s.yaml",
        `name: test/s
statics:
  - {meta: a, expression: "1 == 1"}
  - {meta: b, expression: evt.Time}
  - {meta: c, expression: "Split(evt.Line.Raw, ' ')"}
  - {meta: d, expression: "string(1 == 1)"}
  - {meta: e, expression: "UnmarshalJSON(evt.Line.Raw, evt.Unmarshaled, 'j')"}
`
      )
    ],
    asked
  )
  expect(problems.map(({ severity, code, line: at }) => `${severity} ${code} ${at}`)).toEqual([
    "warning TST-RULE-DOUBTFUL 3",
    "warning TST-RULE-DOUBTFUL 4",
    "warning TST-RULE-DOUBTFUL 5"
  ])
})

test("a grok that can never take a line is told, and what is no reference in it", () => {
  const grok = (name: string, pattern: string) =>
    ruleFile(
      "parsers",
      `parsers/s00-raw/test/${name}.yaml`,
      `name: test/${name}\npattern_syntax: {X_${name}: '%{INT:n}'}\ngrok: {apply_on: Line.Raw, pattern: '${pattern}'}\n`
    )
  const { problems } = compileRuleset(
    [
      grok("a", "(?P<word>\\w+)"),
      grok("b", "%{INT:n} %{INT:port:int}"),
      grok("c", "%{INT:n} %{X_a:a}"),
      grok("d", "%{INT:n} %{DATA:user-id}"),
      ruleFile(
        "parsers",
        "parsers/s00-raw/test/e.yaml",
        "name: test/e\ngrok: {apply_on: Line.Raw, pattern: word}\nnodes: [{filter: 'true', statics: [{meta: x, value: y}]}]\n"
      )
    ],
    asked
  )
  expect(problems.map(({ severity, code, file, line: at }) => `${severity} ${code} ${file}:${at}`)).toEqual([
    "warning TST-GROK-NAMELESS /rules/parsers/s00-raw/test/a.yaml:3",
    "warning TST-GROK-LITERAL /rules/parsers/s00-raw/test/b.yaml:3",
    "warning TST-GROK-LITERAL /rules/parsers/s00-raw/test/d.yaml:3",
    "warning TST-GROK-NAMELESS /rules/parsers/s00-raw/test/e.yaml:2"
  ])
  expect([0, 3].map((at) => problems[at]!.message)).toEqual([
    expect.stringContaining("names nothing, so it never takes a line; name"),
    expect.stringContaining("never counts as a match, and the nodes below are asked of every line; name")
  ])
})

test.each([
  ["%{MY-NAME:x}", "%{MY-NAME:x}"],
  ["%{IP :a}", "%{IP :a}"],
  ["%{:x}", "%{:x}"],
  ["%{}", "%{}"],
  ["%{IP:a", "%{IP:a"],
  ["%{IP:a and", "%{IP:a"],
  ["%{IP and %{IP:b}", "%{IP"]
])("what looks like a reference and is none is told: %s", (written, quoted) => {
  const file = (pattern: string) =>
    ruleFile(
      "parsers",
      "parsers/s00-raw/test/a.yaml",
      `name: test/a\ngrok:\n  pattern: '%{INT:n} ${pattern}'\n  apply_on: Line.Raw\n`
    )
  const { problems } = compileRuleset([file(written)], asked)
  expect(problems).toMatchObject([{ severity: "warning", code: "TST-GROK-LITERAL", line: 3, key: "grok.pattern" }])
  expect(problems[0]!.message).toContain(`\`${quoted}\` is looked for letter by letter`)
  for (const fine of ["%{IP:a}", "%{IP}", "5%{2,3}", "%{1,}", "[%{]", "100%"])
    expect(compileRuleset([file(fine)], asked).problems).toEqual([])
})

test("a pattern that is known keeps its first definition, and that is told", () => {
  const file = (name: string, pattern: string) =>
    ruleFile(
      "parsers",
      `parsers/s00-raw/test/${name}.yaml`,
      `name: test/${name}\npattern_syntax:\n  MINE: '${pattern}'\ngrok: {pattern: '%{MINE:x}', apply_on: Line.Raw}\nstatics: [{meta: x, expression: evt.Parsed.x}]\n`
    )
  const { problems } = compileRuleset([file("a", "word"), file("b", "other")], asked)
  expect(problems).toMatchObject([
    { severity: "warning", code: "TST-RULE-PATTERN-KNOWN", file: "/rules/parsers/s00-raw/test/b.yaml", line: 3 }
  ])
})

test("patterns that cannot be matched safely are named: refused, or told how little of a text they see", () => {
  const grok = (name: string, pattern: string) =>
    ruleFile(
      "parsers",
      `parsers/s00-raw/test/${name}.yaml`,
      `name: test/${name}\ngrok:\n  pattern: '${pattern}'\n  apply_on: Line.Raw\n`
    )
  const { problems } = compileRuleset(
    [
      grok("ahead", "(?=%{WORD:word})x"),
      grok("back", "(?P<a>x)(?P=a)%{WORD:word}"),
      grok("large", `%{WORD:word}${".*?,".repeat(9_000)}`),
      grok("loops", `%{WORD:word}${".*?x?,".repeat(130)}`),
      grok("narrow", `%{WORD:word}${"[^,]*,".repeat(40)}`),
      scenario("ahead", `"evt.Line.Raw matches '(?!a)b'"`),
      scenario("large", `"evt.Line.Raw matches '${"(?:[ab]{30}c){30}".repeat(12)}'"`)
    ],
    asked
  )
  expect(
    problems.map(({ file, code, severity }) => `${severity} ${file.split("/").slice(2).join("/")} ${code}`)
  ).toEqual([
    "error parsers/s00-raw/test/ahead.yaml TST-PATTERN-UNSUPPORTED",
    "error parsers/s00-raw/test/back.yaml TST-PATTERN-UNSUPPORTED",
    "error parsers/s00-raw/test/large.yaml TST-PATTERN-TOO-LARGE",
    "warning parsers/s00-raw/test/loops.yaml TST-PATTERN-WIDE",
    "error scenarios/test/ahead.yaml TST-EXPR-PATTERN",
    "error scenarios/test/large.yaml TST-EXPR-PATTERN"
  ])
  expect(problems.find(({ code }) => code === "TST-PATTERN-WIDE")?.message).toMatch(/only the first \d+ characters/)
})

test("people's own pattern files stand before the library", () => {
  const parser = ruleFile(
    "parsers",
    "parsers/s00-raw/test/p.yaml",
    "name: test/p\ngrok: {pattern: '^%{WORD:x}$', apply_on: Line.Raw}\n"
  )
  const counters = (patterns: string) => {
    const engine = makeEngine(compileRuleset([parser, ruleFile("patterns", "own", patterns)], asked).ruleset)
    engine.pour(batch, ["word"])
    return engine.counters.parsed
  }
  expect([counters("# none"), counters("WORD w[a-q]+")]).toEqual([1, 0])
})

test("a pattern of people's own that is broken is named by its line, and the library's stands", () => {
  const parser = ruleFile(
    "parsers",
    "parsers/s00-raw/test/p.yaml",
    "name: test/p\ngrok: {pattern: '^%{WORD:x} %{MINE:y}$', apply_on: Line.Raw}\n"
  )
  const patterns = [
    ruleFile("patterns", "a", "# mine\nMINE %{WORD}\nWORD (\nRING %{RING}\nno-name x\n"),
    ruleFile("patterns", "b", "LOST %{NOPE}\nMINE other\n")
  ]
  const { ruleset, problems } = compileRuleset([parser, ...patterns], asked)
  expect(problems.map(({ severity, code, file, line: at }) => `${severity} ${code} ${file}:${at}`).sort()).toEqual([
    "warning TST-GROK-LINE /rules/a:5",
    "warning TST-GROK-RECURSION /rules/a:4",
    "warning TST-GROK-UNKNOWN-NAME /rules/b:1",
    "warning TST-PATTERN-SYNTAX /rules/a:3",
    "warning TST-RULE-PATTERN-KNOWN /rules/b:2"
  ])
  const engine = makeEngine(ruleset)
  engine.pour(batch, ["two words"])
  expect(engine.counters.parsed).toBe(1)
})

test("data files: a missing one is empty, the others are found by name and type", () => {
  const wants = (dest: string, type: string) =>
    `data:\n  - {source_url: "https://example.net/${dest}", dest_file: ${dest}, type: ${type}}`
  const files = [
    plainParser,
    scenario("a-lines", "\"evt.Meta.word in File('words.txt')\"", wants("words.txt", "string")),
    scenario("b-patterns", "\"RegexpInFile(evt.Meta.word, 'words.regex')\"", wants("words.regex", "regexp")),
    scenario("c-tags", "\"LookupFile(evt.Meta.word, 'tags.json') == 'second'\"", wants("tags.json", "map")),
    scenario("d-missing", "\"evt.Meta.word in File('gone.txt')\"", wants("gone.txt", "string"))
  ]
  const data = [
    ruleFile("data", "words.txt", "# comment\r\n\r\nword\r\nother\n"),
    ruleFile("data", "words.regex", "# comment\n(\n(?i)^WO.D$\n"),
    ruleFile(
      "data",
      "tags.json",
      '{"pattern":"rd","tag":"first","type":"contains"}\n{"pattern":"or","tag":"second","type":"contains"}\n{"pattern":"^w","tag":"third","type":"regex"}\nnonsense\n'
    )
  ]
  const { ruleset, problems } = compileRuleset([...files, ...data], asked)
  expect(problems.map(({ code, severity, file, line: at }) => `${severity} ${code} ${file}:${at}`)).toEqual([
    "warning TST-PATTERN-SYNTAX /rules/words.regex:2",
    "warning TST-DATA-LINE /rules/tags.json:4"
  ])
  const names = makeEngine(ruleset)
    .pour(batch, line)
    .map((outcome) => outcome._tag === "Overflow" && outcome.overflow.scenario.name)
  expect(names).toEqual(["test/a-lines", "test/b-patterns", "test/c-tags"])
})

test("the hash follows from the files, whatever their order, and from whether names are asked", () => {
  const files = [plainParser, scenario("a", '"true"'), ruleFile("profiles", "profiles.yaml", "name: p\n")]
  const hash = (given: typeof files, names: "asked" | "off" = "asked") => compileRuleset(given, { names }).ruleset.hash
  expect(hash([...files].reverse())).toBe(hash(files))
  expect(hash(files, "off")).not.toBe(hash(files))
  expect(hash(files.slice(0, 2))).not.toBe(hash(files))
  expect(compileRuleset(files, asked).ruleset.activation).toMatchObject({
    hash: hash(files),
    names: "asked",
    items: [{ kind: "parsers" }, { kind: "scenarios" }, { kind: "profiles" }]
  })
})

test("profiles are somebody else's to judge: what is wrong with them is not told here", () => {
  expect(compileRuleset([ruleFile("profiles", "profiles.yaml", "name: [")], asked).problems).toEqual([])
})

test("no rules at all: every line is parsed, and nothing comes of it", () => {
  const engine = makeEngine(compileRuleset([], asked).ruleset)
  expect(engine.pour(batch, line)).toEqual([])
  expect(engine.counters).toMatchObject({ lines: 1, parsed: 1 })
})
