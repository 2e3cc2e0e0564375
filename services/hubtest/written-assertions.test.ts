import { cpSync, existsSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs"
import { join, resolve } from "node:path"
import { describe, expect, test } from "vitest"
import { assertions, door, now, plain, put, root, runAll, runOne, testOf } from "./door.fixture.ts"
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
