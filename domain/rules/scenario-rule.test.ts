import { describe, expect, it } from "vitest"
import { read, told } from "./rule-file.fixture.ts"

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

  it("takes an empty duration for none", () => {
    const { problems, rules } = read("scenarios", leaky(`duration: ""\nblackhole: ''\n`))
    expect(problems).toEqual([])
    expect(rules).toMatchObject([{ durationNs: 0n, blackholeNs: 0n }])
  })

  it("is told how a scope is written", () => {
    const told = (type: string) => read("scenarios", leaky(`scope: {type: ${type}}\n`)).problems[0]?.message
    expect(told("range")).toMatch(/did you mean `Range`\?$/)
    expect(told("ip")).toMatch(/did you mean `Ip`\?$/)
    expect(told("User")).toMatch(/whom it is about$/)
  })

  it("warns of a bayesian bucket that waits for nothing", () => {
    const text = `type: bayesian\nname: t/x\ndescription: d\nfilter: "true"\nbayesian_prior: 0.5\nbayesian_threshold: 0.8\nbayesian_conditions:\n  - {condition: a, prob_given_evil: 0.8, prob_given_benign: 0.2}\n`
    expect(read("scenarios", text).problems).toMatchObject([{ code: "TST-RULE-DOUBTFUL", severity: "warning" }])
    expect(read("scenarios", `${text}leakspeed: 1m\n`).problems).toEqual([])
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

  it("is told which of its keys its type does not look at, and stays", () => {
    const shares =
      "bayesian_prior: 0.5\nbayesian_threshold: .8\nbayesian_conditions:\n  - {condition: a, prob_given_evil: 0.8, prob_given_benign: 0.2}\n"
    const content = scenario(`cancel_on: x\ncondition: x\n${shares}`, "trigger")
    const atOnce = "changes nothing: a trigger runs over with its first event; remove it (TST-RULE-NO-EFFECT)"
    const other = "changes nothing: the bucket is trigger, not bayesian; remove it (TST-RULE-NO-EFFECT)"
    expect(told("scenarios", content)).toEqual([
      `x.yaml, line 5: \`cancel_on\` ${atOnce}`,
      `x.yaml, line 6: \`condition\` ${atOnce}`,
      `x.yaml, line 7: \`bayesian_prior\` ${other}`,
      `x.yaml, line 8: \`bayesian_threshold\` ${other}`,
      `x.yaml, line 9: \`bayesian_conditions\` ${other}`
    ])
    expect(read("scenarios", content).rules).toHaveLength(1)
    expect(told("scenarios", leaky("cancel_on: x\ncondition: x\n"))).toEqual([])
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
    [
      leaky().replace("filter", "fil\u200bter"),
      "x.yaml, line 4: `fil\u200bter` (with the character U+200B) is not a known key here; did you mean `filter`? (TST-RULE-UNKNOWN-KEY)"
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
      "type: leaky\nname: t/x\ndescription: d\nfilter: x\nleakspeed: 10s\ncapacity: '5'\n",
      "x.yaml, line 6: `capacity` must be a whole number (without quotes), but is `5` (TST-RULE-WRONG-TYPE)"
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
