import { describe, expect, it } from "vitest"
import { file, read, told } from "./rule-file.fixture.ts"
import { readRules } from "./rule-file.ts"

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

  it("keeps of a whitelist what is right in it: whoever is on it is not to be punished for a slip", () => {
    const whitelist = `  reason: us\n  ip:\n    - 192.0.2.1\n    -\n  expression:\n    - evt.Meta.u == 'a: b'\n    - "true"\n`
    const { rules, problems } = read("parsers", `name: w\nwhitelist:\n${whitelist}`)
    expect(problems.map(({ line, key, code }) => [line, key, code])).toEqual([
      [6, "whitelist.ip[1]", "TST-RULE-WRONG-TYPE"],
      [8, "whitelist.expression[0]", "TST-RULE-WRONG-TYPE"]
    ])
    expect(rules).toMatchObject([
      { node: { whitelist: { ips: [{ text: "192.0.2.1" }], expressions: [{ text: "true" }] } } }
    ])
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
      node("statics:\n  - value: b"),
      "x.yaml, line 3: `statics[0]` says nowhere to write to; add `meta`, `parsed`, `target` or `method` (TST-RULE-MISSING-KEY)"
    ],
    [
      node("statics:\n  - enriched: a\n    expression: b"),
      "x.yaml, line 3: `statics[0]` writes to `enriched` alone, which CrowdSec refuses as well; write `target: evt.Enriched.a` (TST-RULE-MISSING-KEY)"
    ],
    [
      node("whitelist: {reason: a, expression: [\"a matches '\\.php'\"]}"),
      "x.yaml, line 2: is not valid YAML: Invalid escape sequence \\.; in double quotes a backslash begins an escape: use single quotes (TST-RULE-SYNTAX)"
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
      node("pattern_syntax:\n  B: x\n  A: ''\nstatics: [{meta: a, value: b}]"),
      "x.yaml, line 4: `pattern_syntax.A` is empty; write the pattern, or remove the name (TST-RULE-MISSING-KEY)"
    ],
    [
      node("pattern_syntax:\n  A: ~\nstatics: [{meta: a, value: b}]"),
      "x.yaml, line 3: `pattern_syntax.A` is empty; write the pattern, or remove the name (TST-RULE-MISSING-KEY)"
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

  it.each([
    ["evt.Parsed.message", "; did you mean `message`?"],
    ["Parsed.message", "; did you mean `message`?"],
    ["evt.Line.Raw", "; did you mean `Line.Raw`?"],
    ["line.raw", "; did you mean `Line.Raw`?"],
    ["evt.Meta.x", ""]
  ])("is told that apply_on: %s is no key of evt.Parsed", (field, hint) => {
    const { problems } = read("parsers", node(`grok: {pattern: x, apply_on: ${field}}`))
    expect(problems).toMatchObject([{ code: "TST-RULE-DOUBTFUL", severity: "warning" }])
    expect(problems[0]!.message.endsWith(`looks like neither${hint}`)).toBe(true)
    expect(read("parsers", node("grok: {pattern: x, apply_on: Line.Raw}")).problems).toEqual([])
  })

  it.each(["MY-NAME", "A B", ""])("is told that nothing can refer to a pattern called %j", (name) => {
    const { rules, problems } = read(
      "parsers",
      node(`pattern_syntax: {"${name}": x, A_1: y}\nstatics: [{meta: a, value: b}]`)
    )
    expect(problems).toMatchObject([
      { code: "TST-RULE-NO-EFFECT", severity: "warning", line: 2, key: `pattern_syntax.${name}` }
    ])
    expect(rules).toHaveLength(1)
  })

  it("is told where its pattern ends with a line break, not where the pattern begins", () => {
    const { problems } = read("parsers", node("grok:\n  apply_on: message\n  pattern: |\n    x"))
    expect(problems).toMatchObject([{ line: 4, key: "grok.pattern" }])
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
