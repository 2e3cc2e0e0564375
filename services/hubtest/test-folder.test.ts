import { rmSync, symlinkSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { gzipSync } from "node:zlib"
import { describe, expect, test } from "vitest"
import { assertions, bruteForce, door, log, plain, put, root, runAll, runOne, testOf } from "./door.fixture.ts"
import { passed } from "./run.ts"

describe("a test's folder", () => {
  test("reads nothing outside the folder of the tests and the hub, by path or by link", async () => {
    put("secret.log", "secret\n")
    put("secret.yaml", door)
    testOf("neighbour", plain)
    testOf("a-log", plain.replace("door.log", "../../secret.log"))
    testOf("a-rule", plain.replace("[me/door-logs]", "[../../secret.yaml]"))
    testOf("fine", plain.replace("door.log", "../neighbour/door.log"))
    for (const file of ["parser.assert", "config.yaml", "door.log"]) {
      testOf(`link-${file}`, plain)
      rmSync(join(root, `tests/link-${file}/${file}`))
      symlinkSync("../../secret.log", join(root, `tests/link-${file}/${file}`))
    }
    symlinkSync("..", join(root, "tests/link-folder"))
    put("config.yaml", plain)
    const { results } = await runAll()
    const [ruleLess, ...problems] = [
      results.find(({ test }) => test === "a-rule")!,
      ...results.filter(({ test }) => !["a-rule", "fine", "neighbour"].includes(test))
    ]
    expect(results.filter(passed).map(({ test }) => test)).toEqual(["fine", "neighbour"])
    expect(ruleLess.problems).toMatchObject([{ code: "TST-HUBTEST-ITEM" }])
    expect(problems).toHaveLength(5)
    for (const { problems: found, assertions: count } of [ruleLess, ...problems]) {
      expect(JSON.stringify(found)).toContain("it lies outside the folder of the tests")
      expect(count).toBe(0)
    }
  })

  test("ends soon and in bounded memory, whatever is in it", async () => {
    testOf("a-config", `${plain}x: ${"[".repeat(20_000)}`)
    testOf("b-config", Array.from({ length: 60_000 }, (_, n) => `k${n}: v\n`).join(""))
    testOf("c-config", `a: &a [${"x,".repeat(90)}]\nb: &b [${"*a,".repeat(90)}]\n${plain}override_statics: [*b, *b]\n`)
    testOf("d-log", plain, { ...assertions, "door.log": "x\n".repeat(30_000) })
    testOf("e-log", plain, { ...assertions, "door.log": "x".repeat(20_000_000) })
    testOf("f-nodes", plain.replace("me/door-logs", "me/many"), { ...assertions, "door.log": "x\n".repeat(500) })
    const node = (n: number) => `---\nname: me/n${n}\nfilter: "true"\nstatics: [{meta: a, value: b}]\n`
    put("hub/parsers/s01-parse/me/many.yaml", Array.from({ length: 500 }, (_, n) => node(n)).join(""))
    testOf("g-assertions", plain, { ...assertions, "parser.assert": "len(results) == 9\n".repeat(200_000) })
    testOf("h-assertions", plain, { ...assertions, "parser.assert": "true\n".repeat(3_000_000) })
    const { results } = await runAll()
    const codes = results.map(({ test: name, problems }) => [name[0], ...problems.map(({ code }) => code)])
    expect(codes).toEqual([
      ["a", "TST-HUBTEST-CONFIG"],
      ["b", "TST-HUBTEST-CONFIG"],
      ["c", "TST-HUBTEST-CONFIG", "TST-HUBTEST-CONFIG"],
      ["d", "TST-HUBTEST-TOO-LARGE"],
      ["e", "TST-HUBTEST-FILE"],
      ["f", "TST-HUBTEST-TOO-LARGE"],
      ["g"],
      ["h", "TST-HUBTEST-FILE"]
    ])
    expect(results[6]!.failures).toHaveLength(200_000)
  })

  test("takes rules by path: of the hub, of its own folder, of another test", async () => {
    put("tests/other/scenarios/me/other-bf.yaml", bruteForce("me/other-bf"))
    testOf(
      "door",
      plain
        .replace("me/door-logs", "./parsers/s01-parse/me/door-logs.yaml")
        .replace("me/door-bf", "scenarios/own.yaml, ./.tests/other/scenarios/me/other-bf.yaml"),
      { ...assertions, "scenario.assert": "len(results) == 2", "scenarios/own.yaml": bruteForce("me/own-bf") }
    )
    expect(await runOne()).toMatchObject({ problems: [], failures: [] })
  })

  test("takes a log and rules by absolute paths, when they lie in the folder of the tests or in the hub", async () => {
    put("tests/door/own/s01-parse/me/door.yaml", door)
    const absolute = plain.replace("me/door-logs", join(root, "tests/door/own/s01-parse/me/door.yaml"))
    testOf("door", absolute.replace("door.log", join(root, "tests/door/door.log")))
    expect(await runOne()).toMatchObject({ problems: [], failures: [] })
  })

  test("takes a parser from no stage's folder", async () => {
    testOf("door", plain.replace("[me/door-logs]", "[./door-logs.yaml, parsers/s01-parse/door.yaml]"), {
      ...assertions,
      "door-logs.yaml": door,
      "parsers/s01-parse/door.yaml": door
    })
    const noStage = (file: string) => ({
      code: "TST-RULE-NO-STAGE",
      file: join(root, "tests/door", file),
      message: expect.stringContaining("`parsers/s01-parse/me/my-rule.yaml`")
    })
    expect((await runOne()).problems).toMatchObject([noStage("door-logs.yaml"), noStage("parsers/s01-parse/door.yaml")])
    put("hub/parsers/early/me/door-logs.yaml", door)
    testOf("door", plain.replace("me/door-logs", "parsers/early/me/door-logs.yaml"), {
      ...assertions,
      "parser.assert": 'results["early"]["me/door-logs"][0].Success == true\n'
    })
    expect(await runOne()).toMatchObject({ problems: [], failures: [] })
  })

  test("reads a compressed log, and no more of it than a test may have", async () => {
    const compressed = plain.replace("door.log", "door.log.gz")
    testOf("door", compressed)
    writeFileSync(join(root, "tests/door/door.log.gz"), gzipSync(log))
    expect(await runOne()).toMatchObject({ problems: [], failures: [] })
    writeFileSync(join(root, "tests/door/door.log.gz"), gzipSync(Buffer.alloc(64 * 1024 * 1024)))
    expect(await runOne()).toMatchObject({ problems: [{ code: "TST-HUBTEST-FILE" }] })
    writeFileSync(join(root, "tests/door/door.log.gz"), log)
    expect(await runOne()).toMatchObject({ problems: [{ code: "TST-HUBTEST-FILE" }] })
  })

  test("finds items by the hub's index, whose names need not be those of the files", async () => {
    const item = { path: "scenarios/me/door-bf.yaml", versions: {} }
    put("hub/.index.json", JSON.stringify({ scenarios: { "you/knocking": item } }))
    testOf("door", plain.replace("me/door-bf", "you/knocking"))
    expect(await runOne()).toMatchObject({ problems: [], failures: [] })
  })
})

describe("what is wrong with a test is named", () => {
  const problems = async () => (await runOne()).problems.map(({ code, message }) => `${code} ${message}`)

  test("an item that the hub does not have, with the one that was meant", async () => {
    testOf("door", plain.replace("me/door-bf", "me/door-bff"))
    expect(await problems()).toEqual([
      "TST-HUBTEST-ITEM the hub has no scenario `me/door-bff`; did you mean `me/door-bf`?"
    ])
  })

  test("a rule file that is not there", async () => {
    testOf("door", plain.replace("me/door-bf", "./scenarios/gone.yaml"))
    expect((await problems()).join()).toMatch(/TST-HUBTEST-ITEM there is no file `\.\/scenarios\/gone\.yaml`/)
  })

  test("a data file that is missing, by its name; it is found when it is there", async () => {
    put(
      "hub/scenarios/me/door-bf.yaml",
      `${bruteForce("me/door-bf")}data:\n  - source_url: https://example.org/lists/names.txt\n    dest_file: names.txt\n    type: string\n`
    )
    testOf("door", plain)
    expect((await problems()).join()).toMatch(/TST-HUB-DATA-MISSING needs the data file `names\.txt`/)
    put("data/lists/names.txt", "somebody\n")
    expect(await problems()).toEqual([])
  })

  test("a broken rule", async () => {
    put("hub/scenarios/me/door-bf.yaml", bruteForce("me/door-bf").replace("evt.Meta.source_ip != ''", "evt.Meta. =="))
    testOf("door", plain)
    expect((await problems()).join()).toMatch(/TST-EXPR-SYNTAX/)
  })

  test("what is doubtful about its rules, without failing for it", async () => {
    put("hub/parsers/s01-parse/me/door-logs.yaml", `${door}  - target: evt.Nowhere\n    value: x\n`)
    testOf("door", plain)
    const result = await runOne()
    expect(passed(result)).toBe(true)
    expect(result.warnings).toMatchObject([{ code: "TST-RULE-TARGET" }])
  })

  test("a config.yaml or log that cannot be used", async () => {
    for (const [config, code] of [
      ["parsers: [}", /TST-HUBTEST-CONFIG is not valid YAML/],
      ["", /TST-HUBTEST-CONFIG must hold keys/],
      ["log_file: door.log", /TST-HUBTEST-CONFIG `log_type` is missing/],
      [`${plain}labels: [a]`, /TST-HUBTEST-CONFIG `labels`/],
      [plain.replace("[me/door-logs]", "me/door-logs"), /TST-HUBTEST-CONFIG `parsers` must be a list/],
      [plain.replace("door.log", "gone.log"), /TST-HUBTEST-FILE cannot be read: it does not exist/]
    ] as const) {
      testOf("door", config)
      expect((await problems()).join()).toMatch(code)
    }
  })

  test("a value of config.yaml that is of the wrong kind, with line and key", async () => {
    const wrong = async (from: string | RegExp, to: string) => {
      testOf("door", plain.replace(from, to))
      return (await runOne()).problems.map(({ code, line, key, message }) => [code, line, key, message])
    }
    const code = "TST-HUBTEST-CONFIG"
    expect(await wrong("log_file: door.log", 'log_file: ""')).toEqual([[code, 5, "log_file", "`log_file` is empty"]])
    expect(await wrong("log_type: door", "log_type: ''")).toEqual([[code, 6, "log_type", "`log_type` is empty"]])
    expect(await wrong("ignore_parsers: false", "ignore_parsers: maybe")).toEqual([
      [code, 8, "ignore_parsers", "`ignore_parsers` must be true or false (without quotes), but is `maybe`"]
    ])
    expect(await wrong(/$/, "labels: {a: {b: c}}\n")).toMatchObject([
      [code, 9, "labels.a", expect.stringContaining("must be a text")]
    ])
    expect(await wrong(/$/, "override_statics: [{ meta: [a], value: b }]\n")).toMatchObject([
      [code, 9, "override_statics[0].meta", expect.stringContaining("must be a text")]
    ])
    expect(await wrong("[me/door-bf]", "[{ me: door-bf }]")).toMatchObject([
      [code, 3, "scenarios[0]", expect.stringContaining("must be a text")]
    ])
    expect(await wrong(/$/, "---\nlog_type: window\n")).toEqual([
      [code, 10, undefined, "holds more than one document; remove the `---`"]
    ])
  })

  test("the words for true and false that CrowdSec knows are known", async () => {
    for (const [word, ignored] of [
      ["yes", true],
      ["On", true],
      ["no", false],
      ["OFF", false]
    ] as const) {
      testOf("door", plain.replace("ignore_parsers: false", `ignore_parsers: ${word}`), {
        ...assertions,
        "parser.assert": "len(results) == 99"
      })
      expect(await runOne()).toMatchObject({ problems: [], failures: ignored ? [] : [{ got: "2" }] })
    }
  })
})
