import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { formatProblem } from "./problem.ts"
import type { RuleFile } from "./rule.ts"
import { readCollections, readRules } from "./rule-file.ts"

const file = (kind: RuleFile["kind"], content: string | Uint8Array, version = "?"): RuleFile => ({
  kind,
  path: { parsers: "parsers/s01-parse/me/x.yaml", scenarios: "scenarios/me/x.yaml" }[kind as string] ?? "x.yaml",
  file: "x.yaml",
  version,
  content: typeof content === "string" ? new TextEncoder().encode(content) : content
})
const read = (kind: RuleFile["kind"], content: string, version?: string) => readRules(file(kind, content, version))
const told = (kind: RuleFile["kind"], content: string) => read(kind, content).problems.map(formatProblem)

describe("a parser", () => {
  const parser = `onsuccess: next_stage
name: me/parser
filter: evt.Parsed.program == 'sshd'
debug: yes
pattern_syntax:
  ME_IP: '%{IP:source_ip}'
  ME_NUMBER: 0123
nodes:
  - grok:
      name: ME_IP
      apply_on: message
      statics:
        - meta: log_type
          value: yes
    nodes:
      - filter: "1 == 1"
        whitelist: {reason: us, ip: [127.0.0.1], cidr: [10.0.0.0/8], expression: ["true"]}
  - name: me/child
    onsuccess: continue
    grok:
      pattern: '^x'
      expression: evt.Meta.y
    stash:
      - {name: s, key: evt.Meta.a, value: evt.Meta.b, ttl: 1m, strategy: LFU}
statics:
  - method: ParseDate
    expression: evt.StrTime
  - parsed: p
    value: 1.0
  - target: evt.StrTime
    expression: evt.Parsed.t
data:
  - {source_url: "https://example.org/a/b.txt", dest_file: b.txt, type: regex, cache: true}
`
  it("is read with defaults, lines and keys", () => {
    const { rules, problems } = read("parsers", parser, "1.2")
    expect(problems).toEqual([])
    const rule = rules[0]!
    if (rule.kind !== "parsers") throw new Error("not a parser")
    expect(rule.stage).toBe("s01-parse")
    expect(rule.origin).toMatchObject({ path: "parsers/s01-parse/me/x.yaml", document: 0, version: "1.2" })
    expect(rule.origin.hash).toMatch(/^[0-9a-f]{64}$/)
    expect(rule.node).toMatchObject({
      name: "me/parser",
      line: 1,
      filter: { text: "evt.Parsed.program == 'sshd'", line: 3, key: "filter" },
      onSuccess: "next_stage",
      patternSyntax: [
        { name: "ME_IP", pattern: { text: "%{IP:source_ip}", line: 6, key: "pattern_syntax.ME_IP" } },
        { name: "ME_NUMBER", pattern: { text: "0123", line: 7 } }
      ],
      statics: [
        { target: { kind: "method", method: "ParseDate" }, source: { kind: "expression" }, line: 26 },
        { target: { kind: "parsed", name: "p" }, source: { kind: "value", value: "1.0" } },
        { target: { kind: "target", path: "evt.StrTime" } }
      ],
      data: [{ sourceUrl: "https://example.org/a/b.txt", destFile: "b.txt", type: "regexp", line: 33 }]
    })
    const [first, second] = rule.node.nodes
    expect(first).toMatchObject({
      name: "child-me/parser",
      line: 9,
      filter: undefined,
      onSuccess: "continue",
      grok: {
        pattern: { kind: "name", text: { text: "ME_IP", key: "nodes[0].grok.name" } },
        input: { kind: "apply_on", field: "message" },
        statics: [{ target: { kind: "meta", name: "log_type" }, source: { kind: "value", value: "yes" } }]
      },
      nodes: [
        {
          name: "child-child-me/parser",
          whitelist: {
            reason: "us",
            ips: [{ text: "127.0.0.1", line: 17, key: "nodes[0].nodes[0].whitelist.ip[0]" }],
            cidrs: [{ text: "10.0.0.0/8" }],
            expressions: [{ text: "true" }]
          }
        }
      ]
    })
    expect(second).toMatchObject({
      name: "me/child",
      grok: { pattern: { kind: "pattern" }, input: { kind: "expression", expression: { text: "evt.Meta.y" } } },
      stash: [{ name: "s", ttlNs: 60_000_000_000n, size: 100, strategy: "LFU" }]
    })
  })

  it("may share a file with others; a broken one leaves the others in", () => {
    const good = (name: string) => `name: ${name}\nstatics: [{meta: a, value: b}]\n`
    const { rules, problems } = read("parsers", `${good("a")}---\nname: b\nfilter: [x\n---\n${good("c")}`)
    expect(rules.map((rule) => [rule.origin.document, rule.kind === "parsers" && rule.node.name])).toEqual([
      [0, "a"],
      [2, "c"]
    ])
    expect(problems).toMatchObject([{ code: "TST-RULE-SYNTAX", line: 6 }])
  })

  it("needs a stage", () => {
    const lost = { ...file("parsers", "name: a\n"), path: "parsers/x.yaml" }
    expect(readRules(lost)).toMatchObject({ rules: [], problems: [{ code: "TST-RULE-NO-STAGE" }] })
  })

  const node = (rest: string) => `name: me/x\n${rest}\n`
  it.each([
    [
      node("filtre: x\nstatics: [{meta: a, value: b}]"),
      "x.yaml, line 2: `filtre` is not a known key here; did you mean `filter`? (TST-RULE-UNKNOWN-KEY)"
    ],
    [
      node("filter: x"),
      "x.yaml, line 1: the node is empty; it needs at least one of grok, nodes, statics and whitelist (TST-RULE-EMPTY-NODE)"
    ],
    [
      node("nodes:\n  - filter: x"),
      "x.yaml, line 3: `nodes[0]` is empty; it needs at least one of grok, nodes, statics and whitelist (TST-RULE-EMPTY-NODE)"
    ],
    [
      node("grok:\n  pattern: x"),
      "x.yaml, line 3: `grok` says nothing to match against; add `apply_on` (such as `message`) or `expression` (TST-RULE-MISSING-KEY)"
    ],
    [
      node("grok:\n  apply_on: message"),
      "x.yaml, line 3: `grok` has neither `pattern` nor `name` (TST-RULE-MISSING-KEY)"
    ],
    [
      node("statics:\n  - enriched: a\n    value: b"),
      "x.yaml, line 3: `statics[0]` says nowhere to write to; add `meta`, `parsed`, `target` or `method` (TST-RULE-MISSING-KEY)"
    ],
    [
      node("statics:\n  - meta: a"),
      "x.yaml, line 3: `statics[0]` has neither `value` nor `expression` (TST-RULE-MISSING-KEY)"
    ],
    [
      node("statics:\n  meta: a"),
      "x.yaml, line 3: `statics` must be a list (each item begins with `- `), but is a mapping (keys and values) (TST-RULE-WRONG-TYPE)"
    ],
    [
      node("onsuccess: next_stag\nstatics: [{meta: a, value: b}]"),
      "x.yaml, line 2: `onsuccess` must be one of next_stage, continue, but is `next_stag`; did you mean `next_stage`? (TST-RULE-WRONG-VALUE)"
    ],
    [
      node("debug: maybe\nstatics: [{meta: a, value: b}]"),
      "x.yaml, line 2: `debug` must be true or false (without quotes), but is `maybe` (TST-RULE-WRONG-TYPE)"
    ],
    [
      node("format: 4.0\nstatics: [{meta: a, value: b}]"),
      "x.yaml, line 2: `format` is `4.0`, but this version reads 1.0 to 3.0 (TST-RULE-FORMAT)"
    ],
    [
      node("grok: {pattern: x, apply_on: message}\nstash:\n  - {name: s, key: a, value: b}"),
      "x.yaml, line 4: `ttl` is missing (TST-RULE-MISSING-KEY)"
    ],
    [
      node("statics: [{meta: a, value: b}]\ndata:\n  - source_url: x"),
      "x.yaml, line 4: `dest_file` is missing (TST-RULE-MISSING-KEY)"
    ],
    [
      "statics: [{meta: a, value: b}]",
      "x.yaml, line 1: the node has no `name`; give it one, such as `me/my-parser` (TST-RULE-MISSING-KEY)"
    ],
    [
      "just a text",
      "x.yaml, line 1: the document must be a mapping (`key: value`), but is `just a text` (TST-RULE-WRONG-TYPE)"
    ],
    ["# nothing yet\n", "x.yaml: holds no rule; write one or remove the file (TST-RULE-EMPTY)"]
  ])("that is wrong is told once: %j", (content, message) => {
    expect(told("parsers", content)).toEqual([message])
    expect(read("parsers", content).rules).toEqual([])
  })

  it.each([
    ["grok: {expression: x}\nstatics: [{meta: a, value: b}]", "TST-RULE-NO-EFFECT"],
    ["whitelist: {reason: x}\nstatics: [{meta: a, value: b}]", "TST-RULE-NO-EFFECT"],
    ["statics: [{meta: a, value: b, expression: c}]", "TST-RULE-NO-EFFECT"],
    ["statics: [{meta: a, parsed: a, value: b}]", "TST-RULE-NO-EFFECT"],
    ["grok:\n  apply_on: message\n  pattern: |\n    x", "TST-RULE-DOUBTFUL"]
  ])("that is doubtful is a warning, and stays: %j", (rest, code) => {
    const { rules, problems } = read("parsers", node(rest))
    expect(problems).toMatchObject([{ code, severity: "warning" }])
    expect(rules).toHaveLength(1)
  })

  it("made of aliases of aliases ends", () => {
    const levels = Array.from(
      { length: 30 },
      (_, level) => `- &n${level}\n  statics: *s\n${level === 0 ? "" : `  nodes: [${`*n${level - 1},`.repeat(9)}]\n`}`
    )
    const { rules, problems } = read(
      "parsers",
      `name: me/bomb\nstatics: &s\n- {meta: a, value: b}\nnodes:\n${levels.join("")}`
    )
    expect(rules).toEqual([])
    expect(problems).toMatchObject([{ code: "TST-RULE-TOO-LARGE" }])
  })
})

describe("a scenario", () => {
  const scenario = (rest: string, type = "leaky") => `type: ${type}\nname: me/s\ndescription: d\nfilter: evt.x\n${rest}`
  const leaky = (rest = "") => scenario(`capacity: 5\nleakspeed: 10s\n${rest}`)

  it("is read with defaults", () => {
    expect(read("scenarios", `${leaky()}version: 0.3\n`).rules).toMatchObject([
      {
        kind: "scenarios",
        origin: { version: "0.3" },
        name: "me/s",
        type: "leaky",
        filter: { text: "evt.x", line: 4, key: "filter" },
        groupBy: undefined,
        scope: { type: "Ip", expression: undefined },
        capacity: 5,
        leakspeedNs: 10_000_000_000n,
        durationNs: 0n,
        blackholeNs: 0n,
        cacheSize: 0,
        reprocess: false,
        bayesian: undefined,
        data: []
      }
    ])
  })

  it("is read with everything", () => {
    const all = `groupby: g\ndistinct: d\ncancel_on: c\noverflow_filter: o\ncondition: x\nscope: {type: Country, expression: e}\nduration: 1h\nblackhole: 1m30s\ncache_size: 7\nreprocess: true\ndebug: false\nreferences: [a]\n`
    expect(read("scenarios", leaky(all))).toMatchObject({
      problems: [],
      rules: [
        {
          groupBy: { text: "g" },
          distinct: { text: "d" },
          cancelOn: { text: "c" },
          overflowFilter: { text: "o" },
          condition: { text: "x" },
          scope: { type: "Country", expression: { text: "e", key: "scope.expression" } },
          durationNs: 3_600_000_000_000n,
          blackholeNs: 90_000_000_000n,
          cacheSize: 7,
          reprocess: true
        }
      ]
    })
  })

  it("warns of a remediation that looks like true and bans nobody", () => {
    const codes = (value: string) =>
      read("scenarios", leaky(`labels: {remediation: ${value}}\n`)).problems.map(({ code }) => code)
    expect([codes("true"), codes("no"), codes("~"), codes("'true'"), codes("1")]).toEqual([
      [],
      [],
      [],
      ["TST-RULE-DOUBTFUL"],
      ["TST-RULE-DOUBTFUL"]
    ])
  })

  it("keeps the types of its labels, and any name is harmless", () => {
    const labels =
      "labels:\n  remediation: yes\n  quoted: 'true'\n  confidence: 3\n  share: 0.5\n  none:\n  list: [a, 1, {b: on}]\n  __proto__: {polluted: true}\n  7: seven\n"
    const rule = read("scenarios", leaky(labels)).rules[0]!
    if (rule.kind !== "scenarios") throw new Error("not a scenario")
    expect(JSON.parse(JSON.stringify(rule.labels))).toEqual(
      JSON.parse(
        '{"remediation":true,"quoted":"true","confidence":3,"share":0.5,"none":null,"list":["a",1,{"b":true}],"__proto__":{"polluted":true},"7":"seven"}'
      )
    )
    expect(rule.labels["toString"]).toBeUndefined()
  })

  it.each([
    ["trigger", "", 0],
    ["trigger", "capacity: 0\n", 0],
    ["counter", "duration: 5m\n", -1],
    ["conditional", "condition: x\nleakspeed: 1m\ncapacity: -1\n", -1],
    [
      "bayesian",
      "leakspeed: 30s\nbayesian_prior: 0.5\nbayesian_threshold: .8\nbayesian_conditions:\n  - {condition: a, prob_given_evil: 0.8, prob_given_benign: 0.2, guillotine: true}\n",
      -1
    ]
  ])("of the type %s has its capacity", (type, rest, capacity) => {
    const { rules, problems } = read("scenarios", scenario(rest, type))
    expect(problems).toEqual([])
    expect(rules).toMatchObject([{ type, capacity }])
  })

  it("of the type bayesian has its shares", () => {
    const rest =
      "bayesian_prior: 0.5\nbayesian_threshold: .8\nbayesian_conditions:\n  - {condition: a, prob_given_evil: 0.8, prob_given_benign: 0.2}\n"
    expect(read("scenarios", scenario(rest, "bayesian")).rules).toMatchObject([
      {
        bayesian: {
          prior: 0.5,
          threshold: 0.8,
          conditions: [
            { condition: { text: "a", line: 8 }, probGivenEvil: 0.8, probGivenBenign: 0.2, guillotine: false }
          ]
        }
      }
    ])
  })

  it.each([
    [
      leaky("group_by: x\n"),
      "x.yaml, line 7: `group_by` is not a known key here; did you mean `groupby`? (TST-RULE-UNKNOWN-KEY)"
    ],
    [
      leaky().replace("filter", "filtr"),
      "x.yaml, line 4: `filtr` is not a known key here; did you mean `filter`? (TST-RULE-UNKNOWN-KEY)"
    ],
    [leaky().replace("evt.x", ""), "x.yaml, line 4: `filter` is empty (TST-RULE-MISSING-KEY)"],
    [leaky().replace("evt.x", '""'), "x.yaml, line 4: `filter` is empty (TST-RULE-MISSING-KEY)"],
    [leaky().replace("description: d\n", ""), "x.yaml, line 1: `description` is missing (TST-RULE-MISSING-KEY)"],
    [
      scenario("leakspeed: 10s\n"),
      "x.yaml, line 1: a leaky bucket needs `capacity`: how many events it holds, at least 1 (TST-RULE-MISSING-KEY)"
    ],
    [
      scenario("capacity: 5\n"),
      "x.yaml, line 1: a leaky bucket needs `leakspeed`: the time in which one event leaks, such as `10s` (TST-RULE-MISSING-KEY)"
    ],
    [
      scenario("capacity: 0\nleakspeed: 10s\n"),
      "x.yaml, line 5: a leaky bucket needs `capacity`: how many events it holds, at least 1 (TST-RULE-MISSING-KEY)"
    ],
    [
      leaky().replace("10s", "10"),
      "x.yaml, line 6: `leakspeed` must be a duration such as `30s`, `5m` or `1h30m`, but is `10`; did you mean `10s`? (TST-RULE-WRONG-VALUE)"
    ],
    [
      leaky().replace("10s", "1d"),
      "x.yaml, line 6: `leakspeed` must be a duration such as `30s`, `5m` or `1h30m`, but is `1d` (TST-RULE-WRONG-VALUE)"
    ],
    [
      leaky().replace("10s", "-1s"),
      "x.yaml, line 6: `leakspeed` must be a duration such as `30s`, `5m` or `1h30m`, but is `-1s` (TST-RULE-WRONG-VALUE)"
    ],
    [
      leaky().replace("5\n", "five\n"),
      "x.yaml, line 5: `capacity` must be a whole number, but is `five` (TST-RULE-WRONG-TYPE)"
    ],
    [
      leaky().replace("leaky", "leeky"),
      "x.yaml, line 1: `type` must be one of leaky, trigger, counter, conditional, bayesian, but is `leeky`; did you mean `leaky`? (TST-RULE-WRONG-VALUE)"
    ],
    [
      scenario("capacity: 3\n", "trigger"),
      "x.yaml, line 5: a trigger bucket has the capacity 0, not 3; remove `capacity` (TST-RULE-WRONG-VALUE)"
    ],
    [
      scenario("", "counter"),
      "x.yaml, line 1: a counter bucket needs `duration`: how long it counts, such as `10m` (TST-RULE-MISSING-KEY)"
    ],
    [
      scenario("capacity: -1\nleakspeed: 1s\n", "conditional"),
      "x.yaml, line 1: a conditional bucket needs `condition`: the expression that makes it run over (TST-RULE-MISSING-KEY)"
    ],
    [
      leaky("scope: {type: Ip, expression: x}\n"),
      "x.yaml, line 7: scope `Ip` takes no `expression`; remove it, or name another `type` (TST-RULE-WRONG-VALUE)"
    ],
    [
      leaky("scope:\n  type: Country\n"),
      "x.yaml, line 8: scope `Country` needs an `expression` that says whom it is about (TST-RULE-MISSING-KEY)"
    ],
    [
      leaky("data:\n  - {dest_file: a, type: strings}\n"),
      "x.yaml, line 8: `data[0].type` must be one of string, regexp, regex, map, bots, but is `strings`; did you mean `string`? (TST-RULE-WRONG-VALUE)"
    ],
    [
      leaky("capacity: 6\n"),
      "x.yaml, line 7: `capacity` is there twice (first on line 5); remove one of them (TST-RULE-DUPLICATE-KEY)"
    ],
    [
      leaky("blackhole: {a: b}\n"),
      "x.yaml, line 7: `blackhole` must be a text (put quotes around one that holds `: `, `{` or `[`), but is a mapping (keys and values) (TST-RULE-WRONG-TYPE)"
    ]
  ])("that is wrong is told once: %j", (content, message) => {
    expect(told("scenarios", content)).toEqual([message])
    expect(read("scenarios", content).rules).toEqual([])
  })
})

describe("a profile", () => {
  it("is read with defaults", () => {
    const profile =
      "name: ban\nfilters:\n  - Alert.Remediation == true\ndecisions:\n  - type: ban\n    duration: 7d\non_success: break\nnotifications: [mail]\n---\nname: none\n"
    expect(read("profiles", profile)).toMatchObject({
      problems: [],
      rules: [
        {
          kind: "profiles",
          name: "ban",
          filters: [{ text: "Alert.Remediation == true", line: 3, key: "filters[0]" }],
          decisions: [{ type: "ban", duration: "7d", scope: "", origin: "", simulated: false }],
          durationExpression: undefined,
          onSuccess: "break",
          onFailure: "continue",
          onError: ""
        },
        { name: "none", decisions: [], onSuccess: "continue" }
      ]
    })
  })

  it.each([
    ["decisions: []\n", "x.yaml, line 1: `name` is missing (TST-RULE-MISSING-KEY)"],
    [
      "name: a\ndecisions: [{type: ban, duration: 4 hours}]\n",
      "x.yaml, line 2: `decisions[0].duration` must be a duration such as `4h` or `7d`, but is `4 hours` (TST-RULE-WRONG-VALUE)"
    ],
    [
      "name: a\non_success: breek\n",
      "x.yaml, line 2: `on_success` must be one of continue, break, but is `breek`; did you mean `break`? (TST-RULE-WRONG-VALUE)"
    ]
  ])("that is wrong is told once: %j", (content, message) => {
    expect(told("profiles", content)).toEqual([message])
  })
})

it("a collection names its members with their lines", () => {
  const content = new TextEncoder().encode(
    "name: me/all\nparsers:\n  - a/b\ncollections:\n  - c/d\n  - e/f\nauthor: me\n"
  )
  expect(readCollections("c.yaml", content)).toMatchObject({
    problems: [],
    collections: [
      {
        name: "me/all",
        members: {
          parsers: [{ text: "a/b", line: 3 }],
          scenarios: [],
          collections: [{ line: 5 }, { text: "e/f", line: 6 }]
        }
      }
    ]
  })
})

it("the same file is read once", () => {
  const same = file("scenarios", "x")
  expect(readRules(same)).toBe(readRules(same))
})

it("what is written at random never throws, and says where", () => {
  const keys = [
    "name",
    "type",
    "filter",
    "nodes",
    "grok",
    "statics",
    "labels",
    "data",
    "scope",
    "capacity",
    "whitelist",
    "stash",
    "decisions",
    "pattern_syntax",
    "x",
    "<<"
  ]
  const value = fc.letrec<{ tree: unknown; leaf: unknown }>((tie) => ({
    leaf: fc.oneof(
      fc.string({ maxLength: 12 }),
      fc.integer(),
      fc.boolean(),
      fc.constant(null),
      fc.constantFrom("leaky", "10s", "1")
    ),
    tree: fc.oneof(
      { maxDepth: 4, depthSize: "small" },
      tie("leaf"),
      fc.array(tie("tree"), { maxLength: 3 }),
      fc.dictionary(fc.constantFrom(...keys), tie("tree"), { maxKeys: 5 })
    )
  })).tree
  const kind = fc.constantFrom<RuleFile["kind"]>("parsers", "scenarios", "profiles", "patterns", "data")
  fc.assert(
    fc.property(kind, fc.dictionary(fc.constantFrom(...keys), value, { minKeys: 1 }), (which, tree) => {
      // JSON is YAML.
      const { rules, problems } = readRules(file(which, JSON.stringify(tree)))
      if (which === "patterns" || which === "data") expect(problems).toEqual([])
      else expect(rules.length + problems.length).toBeGreaterThan(0)
      for (const problem of problems)
        expect(formatProblem(problem)).toMatch(/^x\.yaml(, line \d+)?: [^\n]+ \(TST-RULE-[A-Z-]+\)$/)
    }),
    { numRuns: 1_000 }
  )
  fc.assert(
    fc.property(kind, fc.uint8Array({ maxLength: 300 }), (which, bytes) => {
      readRules(file(which, bytes))
    })
  )
})
