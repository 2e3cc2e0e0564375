import { mkdirSync, symlinkSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, test } from "vitest"
import { coverageOf } from "./coverage.ts"
import { bruteForce, plain, put, root, runAll, testOf } from "./door.fixture.ts"
import { openSuite, SuiteProblem } from "./suite.ts"

describe("a suite", () => {
  test("runs what was asked for, by name or pattern, and knows what was meant by a wrong name", async () => {
    for (const name of ["door", "door-slow", "window"]) testOf(name, plain)
    const names = async (...wanted: ReadonlyArray<string>) => (await runAll(wanted)).results.map(({ test }) => test)
    expect(await names()).toEqual(["door", "door-slow", "window"])
    expect(await names("door")).toEqual(["door"])
    expect(await names("door*")).toEqual(["door", "door-slow"])
    expect(await names("window", "*-slow")).toEqual(["door-slow", "window"])
    await expect(runAll(["windov"])).rejects.toThrow("Did you mean window?")
    await expect(runAll(["windov"])).rejects.toBeInstanceOf(SuiteProblem)
  })

  test("fails for a folder with assertions that has lost its config.yaml", async () => {
    testOf("door", plain)
    put("tests/lost/parser.assert", "")
    put("tests/fixtures/any.log", "")
    const { results } = await runAll()
    expect(results.map(({ test, problems }) => [test, problems.map(({ code }) => code)])).toEqual([
      ["door", []],
      ["lost", ["TST-HUBTEST-CONFIG"]]
    ])
  })

  test("fails for a folder that cannot be read: a test may be in it", async () => {
    testOf("door", plain)
    symlinkSync("two", join(root, "tests/two"))
    const { results } = await runAll()
    expect(results.map(({ test, problems }) => [test, problems])).toMatchObject([
      ["door", []],
      ["two", [{ code: "TST-HUBTEST-FILE", file: join(root, "tests/two") }]]
    ])
  })

  test("names a folder that is not there", async () => {
    await expect(runAll()).rejects.toMatchObject({ code: "TST-HUBTEST-FOLDER" })
    mkdirSync(join(root, "tests"))
    await expect(runAll()).rejects.toMatchObject({ code: "TST-HUBTEST-NO-TEST" })
  })

  test("knows what was meant by the folder of one test, and by the hub", async () => {
    testOf("door", plain)
    const prepared = (tests: string) => openSuite({ hub: join(root, "hub"), tests, data: join(root, "data") }, [])
    await expect(prepared(join(root, "tests/door"))).rejects.toThrow(`--tests ${join(root, "tests")} door`)
    put("hub/.tests/door/config.yaml", "")
    await expect(prepared(join(root, "hub"))).rejects.toThrow(`Did you mean ${join(root, "hub/.tests")}?`)
  })

  test("tells which rules no test touched", async () => {
    put("hub/scenarios/me/idle.yaml", bruteForce("me/idle").replace("capacity: 2", "capacity: 200"))
    put("hub/scenarios/me/untested.yaml", bruteForce("me/untested"))
    testOf("door", plain.replace("me/door-bf", "me/door-bf, me/idle"))
    const { suite, results } = await runAll()
    expect(coverageOf(suite.places.items, results)).toEqual([
      { kind: "parsers", total: 1, touched: 1, idle: [], untested: [] },
      { kind: "scenarios", total: 3, touched: 1, idle: ["me/idle"], untested: ["me/untested"] },
      { kind: "postoverflows", total: 0, touched: 0, idle: [], untested: [] }
    ])
  })

  test("does not take a scenario for touched when a parser of its name was", async () => {
    put("hub/scenarios/me/door-logs.yaml", bruteForce("me/door-logs").replace("capacity: 2", "capacity: 200"))
    testOf("door", plain.replace("me/door-bf", "me/door-bf, me/door-logs"))
    const { suite, results } = await runAll()
    expect(coverageOf(suite.places.items, results)).toMatchObject([
      { kind: "parsers", touched: 1 },
      { kind: "scenarios", touched: 1, idle: ["me/door-logs"] },
      { kind: "postoverflows" }
    ])
  })
})
