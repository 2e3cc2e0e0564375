/** `testudo hubtest` as a rule author meets it, on the public hub's tests and on his own. */
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { run, shared, temporaryFolder, testudo } from "./process.ts"

const hub = join(shared, "hub")
const now = ["--now", "2026-12-31T23:59:59Z"]
const places = (tests = join(hub, ".tests")) => [
  "--hub",
  hub,
  "--tests",
  tests,
  "--data",
  join(shared, "hub-data"),
  ...now
]

/** A copy of some of the hub's tests, to be broken. */
const copied = (...names: ReadonlyArray<string>): string => {
  const tests = temporaryFolder()
  for (const name of names) {
    mkdirSync(join(tests, name))
    // Written, not copied: what is shared may be read-only, and its mode would come along.
    for (const file of ["config.yaml", "parser.assert", "scenario.assert", `${name}.log`])
      writeFileSync(join(tests, name, file), readFileSync(join(hub, ".tests", name, file)))
  }
  return tests
}

const edit = (file: string, from: string | RegExp, to: string): void => {
  const text = readFileSync(file, "utf8")
  expect(text).toMatch(from)
  writeFileSync(file, text.replace(from, to))
}

describe("testudo hubtest", () => {
  it("prints one object for programs, and nothing else", async () => {
    const { status, stdout, stderr } = await run("hubtest", ...places(), "--json", "CVE-*", "postfix-honeypot-users")
    expect(stderr).toBe("")
    expect(status).toBe(0)
    const report = JSON.parse(stdout)
    expect(report).toEqual({ tests: 11, passed: 11, failed: 0, assertions: expect.any(Number), failures: [] })
    expect(report.assertions).toBeGreaterThan(100)
  })

  it("prints for each failure the assertion, what was expected and what there is, and exits with 1", async () => {
    const tests = copied("CVE-2017-9841")
    const file = join(tests, "CVE-2017-9841/scenario.assert")
    edit(file, 'GetMeta("http_status") == "200"', 'GetMeta("http_status") == "404"')
    const { status, stdout, stderr } = await run("hubtest", ...places(tests))
    expect(status).toBe(1)
    const failure = [
      "✗ CVE-2017-9841",
      `    ${file}, line 10`,
      '      results[0].Overflow.Alert.Events[0].GetMeta("http_status") == "404"',
      '      expected  "404"',
      '      got       "200"'
    ]
    expect(stdout.split("\n").slice(0, -2)).toEqual(failure)
    expect(stdout).toMatch(/\n0 passed, 1 failed \(19 assertions, [\d.]+ s\)\n$/)
    expect(stderr).toBe("testudo: 1 of 1 tests failed. (TST-HUBTEST-FAILED)\n")
    const json = await run("hubtest", ...places(tests), "--json")
    expect(json.status).toBe(1)
    expect(JSON.parse(json.stdout)).toMatchObject({
      tests: 1,
      passed: 0,
      failed: 1,
      failures: [{ test: "CVE-2017-9841", reason: expect.stringContaining('expected "404", got "200"') }]
    })
  })

  it("writes what holds now with --update, and that holds", async () => {
    const tests = copied("CVE-2017-9841")
    const file = join(tests, "CVE-2017-9841/scenario.assert")
    const before = readFileSync(file, "utf8")
    writeFileSync(file, "")
    const empty = await run("hubtest", ...places(tests))
    expect(empty.status).toBe(1)
    expect(empty.stdout).toContain("TST-HUBTEST-NO-ASSERTION")
    const update = await run("hubtest", ...places(tests), "--update")
    expect(update.stdout).toContain(`written: ${file}`)
    expect(update.status).toBe(0)
    // The hub's authors had theirs written by CrowdSec.
    const path = /^.*datasource_path.*\n/m
    expect(readFileSync(file, "utf8").replace(path, "")).toBe(before.replace(path, ""))
    expect((await run("hubtest", ...places(tests), "--strict")).status).toBe(0)
  })

  it("writes with --update what depends on the time only when that is given with --now", async () => {
    const tests = copied("sshd-invalid-bf")
    const file = join(tests, "sshd-invalid-bf/scenario.assert")
    const year = /GetMeta\("timestamp"\) == "2026-/
    for (const [given, written] of [
      [now, true],
      [[], false]
    ] as const) {
      writeFileSync(file, "")
      await run("hubtest", ...places(tests).slice(0, -now.length), ...given, "--update")
      const text = readFileSync(file, "utf8")
      expect([year.test(text), text.includes("GetSources()")]).toEqual([written, true])
    }
  })

  it("runs again what was edited with --watch, and only that", async () => {
    const tests = copied("CVE-2017-9841", "CVE-2021-4034")
    const file = join(tests, "CVE-2017-9841/scenario.assert")
    const watching = testudo("hubtest", ...places(tests), "--watch")
    await watching.says(/2 passed, 0 failed/)
    edit(file, "len(results) == 1", "len(results) == 2")
    await watching.says(/CVE-2017-9841[\s\S]*len\(results\) == 2[\s\S]*1 passed, 1 failed/)
    edit(file, "len(results) == 2", "len(results) == 1")
    await watching.says(/1 failed[\s\S]*2 passed, 0 failed/)
    expect((await watching.stop("SIGINT")).status).toBe(0)
  }, 600_000)

  it("says with --watch why a config.yaml cannot be used, each time that it is for another reason", async () => {
    const tests = copied("CVE-2017-9841")
    const file = join(tests, "CVE-2017-9841/config.yaml")
    edit(file, /^log_type:.*$/m, 'log_type: ""')
    const watching = testudo("hubtest", ...places(tests), "--watch")
    await watching.says(/`log_type` is empty/)
    edit(file, /^log_file:.*$/m, "log_file: [a, b]")
    await watching.says(/`log_file` must be a text/)
    expect((await watching.stop("SIGINT")).status).toBe(0)
  }, 600_000)

  it("lists the rules that no test touched with --coverage", async () => {
    const { status, stdout } = await run("hubtest", ...places(copied("CVE-2017-9841")), "--coverage")
    expect(status).toBe(0)
    expect(stdout).toMatch(/^scenarios: 1 of 783 touched by a test$/m)
    expect(stdout).toMatch(/^ {2}crowdsecurity\/ssh-bf loaded by no test$/m)
    expect(stdout).not.toMatch(/crowdsecurity\/CVE-2017-9841 /)
  })

  it("needs no index: items have then the names of their folders and files", async () => {
    const folder = temporaryFolder()
    for (const kind of ["parsers", "scenarios", "postoverflows"])
      cpSync(join(hub, kind), join(folder, "hub", kind), { recursive: true })
    const tests = copied("CVE-2017-9841")
    const { status, stdout } = await run("hubtest", "--hub", join(folder, "hub"), "--tests", tests, ...now)
    expect([status, stdout]).toEqual([0, expect.stringContaining("1 passed")])
  })

  it("says in one line what is wrong with the call", async () => {
    const cases: ReadonlyArray<readonly [ReadonlyArray<string>, RegExp]> = [
      [["--hub", "/nowhere"], /The folder \/nowhere cannot be read: it does not exist.*\(TST-HUBTEST-FOLDER\)/],
      [["--hub", hub, "amavis-logz"], /Did you mean amavis-logs\? \(TST-HUBTEST-NO-TEST\)/],
      [["--hub", hub, "--watch", "--json"], /TST-HUBTEST-OPTIONS/],
      [["--hub", hub, "--now", "soon"], /TST-CLI-TIME/]
    ]
    for (const [options, message] of cases) {
      const { status, stdout, stderr } = await run("hubtest", ...options)
      expect([status, stdout]).toEqual([1, ""])
      expect(stderr).toMatch(message)
      expect(stderr.trim().split("\n")).toHaveLength(1)
    }
  }, 600_000)
})
