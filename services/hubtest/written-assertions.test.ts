import { chmodSync, cpSync, existsSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync } from "node:fs"
import { join, resolve } from "node:path"
import { describe, expect, test } from "vitest"
import { assertions, bruteForce, door, log, now, plain, put, root, runAll, runOne, testOf } from "./door.fixture.ts"
import { passed } from "./run.ts"
import { openSuite, runSuite } from "./suite.ts"

describe("--update", () => {
  test("writes the assertions that hold now, where there are none or one fails, and they hold", async () => {
    testOf("empty", plain, {})
    testOf("wrong", plain, { ...assertions, "scenario.assert": "len(results) == 5" })
    testOf("right", plain)
    const { results } = await runAll([], { update: true })
    expect(results.map(({ test, updated }) => [test, updated.length])).toEqual([
      ["empty", 2],
      ["right", 0],
      ["wrong", 1]
    ])
    expect(results.every(passed)).toBe(true)
    expect(readFileSync(join(root, "tests/wrong/parser.assert"), "utf8")).toBe(assertions["parser.assert"])
    const written = readFileSync(join(root, "tests/wrong/scenario.assert"), "utf8")
    expect(written).toContain('"192.0.2.1" in results[0].Overflow.GetSources()\n')
    expect(written).toContain(
      'basename(results[0].Overflow.Alert.Events[0].GetMeta("datasource_path")) == "door.log"\n'
    )
    expect(written).toContain("results[0].Overflow.Alert.GetEventsCount() == 3\n")
    const again = await runAll([], { strict: true })
    expect(again.results.flatMap(({ failures }) => failures)).toEqual([])
  })

  test("writes assertions that hold for whatever the public hub's logs parse to", { timeout: 600_000 }, async () => {
    const hub = resolve(import.meta.dirname, "../../../shared/hub")
    const data = resolve(hub, "../hub-data")
    const all = await openSuite({ hub, tests: join(hub, ".tests"), data }, [])
    const some = all.names.filter((_, index) => index % 6 === 0)
    for (const name of some) {
      cpSync(join(hub, ".tests", name), join(root, "tests", name), { recursive: true })
      for (const kind of ["parser", "scenario"]) rmSync(join(root, `tests/${name}/${kind}.assert`), { force: true })
    }
    const suite = await openSuite({ hub, tests: join(root, "tests"), data }, [])
    let written = 0
    for await (const { updated } of runSuite(suite, { now, update: true })) written += updated.length
    expect(written).toBeGreaterThanOrEqual(some.length)
    for await (const result of runSuite(suite, { now, strict: true }))
      expect([result.test, result.problems, result.failures]).toEqual([result.test, [], []])
  })

  test("writes nothing that is taken from the clock", async () => {
    put("hub/parsers/s01-parse/me/door-logs.yaml", `${door}  - method: ParseDate\n    value: gone\n`)
    testOf("door", plain, {})
    await runAll([], { update: true })
    expect(readFileSync(join(root, "tests/door/parser.assert"), "utf8")).not.toContain("MarshaledTime")
    expect(await runOne({ now: now + 1000 })).toMatchObject({ problems: [], failures: [] })
  })

  const clocked = `${door}  - meta: now
    expression: TimeNow()
  - meta: year
    expression: string(TimeNow() startsWith "2026")
  - meta: minute
    expression: string(evt.Time.Minute())
`
  const written = () => readFileSync(join(root, "tests/door/parser.assert"), "utf8")

  test("writes nothing that is another time's, be it a part of the time", async () => {
    put("hub/parsers/s01-parse/me/door-logs.yaml", clocked)
    testOf("door", plain, {})
    await runAll([], { update: true })
    expect(written()).toContain('.Evt.Parsed["stamp"] == "2026-01-01T00:00:01Z"')
    for (const key of ["now", "year", "minute"]) expect(written()).not.toContain(`["${key}"]`)
    expect(await runOne({ now: now + 400_000_000 })).toMatchObject({ problems: [], failures: [] })
  })

  test("writes all that holds at a time that is given", async () => {
    put("hub/parsers/s01-parse/me/door-logs.yaml", clocked)
    testOf("door", plain, {})
    const given = { now: Date.parse("2026-01-01T00:00:01Z"), nowIsGiven: true }
    await runAll([], { update: true, ...given })
    expect(written()).toContain('.Evt.Parsed["stamp"] == "2026-01-01T00:00:01Z"')
    for (const key of ["now", "year", "minute"]) expect(written()).toContain(`["${key}"]`)
    expect(await runOne(given)).toMatchObject({ problems: [], failures: [] })
  })

  test("writes no file when all depends on the clock", async () => {
    put(
      "hub/scenarios/me/door-bf.yaml",
      bruteForce("me/door-bf").replace("evt.Meta.source_ip != ''", "TimeNow() startsWith '2026'")
    )
    testOf("door", plain.replace("ignore_parsers: false", "ignore_parsers: true"), {})
    expect(await runOne({ update: true })).toMatchObject({
      problems: [{ code: "TST-HUBTEST-NO-ASSERTION", message: expect.stringContaining("--now") }],
      updated: []
    })
    expect(existsSync(join(root, "tests/door/scenario.assert"))).toBe(false)
  })

  test("writes nothing that is false as it is read: the path of a log is read otherwise", async () => {
    put(
      "hub/parsers/s01-parse/me/door-logs.yaml",
      `${door}  - meta: page\n    value: /app/datasource_path.php\n  - meta: word\n    value: datasource_path\n`
    )
    testOf("door", plain, {})
    expect((await runOne({ update: true })).updated).toHaveLength(2)
    expect(written()).toContain('["word"] == "datasource_path"')
    expect(written()).not.toContain('["page"]')
    expect(await runOne({ strict: true })).toMatchObject({ problems: [], failures: [] })
  })

  test("writes nothing at all when there is more than is read, and replaces what is too large", async () => {
    put("hub/parsers/s01-parse/me/door-logs.yaml", door.replace("knocks", "knocks%{GREEDYDATA:rest}"))
    const long = `${log.split("\n")[0]} ${"and ".repeat(1_200)}\n`
    testOf("door", plain, { "door.log": long.repeat(1_800) })
    expect(await runOne({ update: true })).toMatchObject({
      problems: [{ code: "TST-HUBTEST-TOO-LARGE", message: expect.stringContaining("use fewer lines") }],
      updated: []
    })
    expect(readdirSync(join(root, "tests/door")).sort()).toEqual(["config.yaml", "door.log"])
    testOf("door", plain, { ...assertions, "parser.assert": "true == true\n".repeat(700_000) })
    expect((await runOne()).problems).toMatchObject([
      { code: "TST-HUBTEST-FILE", message: expect.stringContaining("--update writes it anew") }
    ])
    expect(await runOne({ update: true })).toMatchObject({ problems: [], updated: [expect.any(String)] })
    expect(await runOne()).toMatchObject({ problems: [], failures: [] })
  })

  test("keeps the permissions of a file, and refuses one that may not be written", async () => {
    testOf("door", plain, { "parser.assert": "", "scenario.assert": "len(results) == 5\n" })
    const [parser, scenario] = ["parser", "scenario"].map((kind) => join(root, `tests/door/${kind}.assert`)) as [
      string,
      string
    ]
    chmodSync(parser, 0o662)
    chmodSync(scenario, 0o444)
    expect(await runOne({ update: true })).toMatchObject({
      problems: [{ code: "TST-HUBTEST-WRITE", file: scenario, message: "cannot be written: it is read-only" }],
      updated: [parser]
    })
    expect(statSync(parser).mode & 0o777).toBe(0o662)
    expect(readFileSync(scenario, "utf8")).toBe("len(results) == 5\n")
    expect(readdirSync(join(root, "tests/door"))).toHaveLength(4)
  })

  test("writes nothing for a test that cannot be run", async () => {
    testOf("door", plain.replace("me/door-bf", "me/gone"), {})
    const { results } = await runAll([], { update: true })
    expect(results).toMatchObject([{ updated: [], problems: [{ code: "TST-HUBTEST-ITEM" }] }])
  })

  test("writes its assertions through no link", async () => {
    put("precious", "precious\n")
    testOf("door", plain, {})
    symlinkSync("../../precious", join(root, "tests/door/parser.assert"))
    symlinkSync("../../new", join(root, "tests/door/scenario.assert"))
    expect((await runOne({ update: true })).problems).toMatchObject([{ code: "TST-HUBTEST-FILE" }])
    rmSync(join(root, "tests/door/parser.assert"))
    expect((await runOne({ update: true })).problems).toEqual([])
    expect(readdirSync(join(root, "tests/door")).sort()).toEqual([
      "config.yaml",
      "door.log",
      "parser.assert",
      "scenario.assert"
    ])
    expect(readFileSync(join(root, "precious"), "utf8")).toBe("precious\n")
    expect(existsSync(join(root, "new"))).toBe(false)
  })
})
