/**
 * Rules come from strangers. Whatever is in them, every command that reads them ends, soon and in bounded memory, names
 * what is wrong with its file, line and code, and writes nothing that a terminal would obey.
 */
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { describe, expect, it, vi } from "vitest"
import { hostileHubs, terminalCodes } from "../fixtures/generators/hostile-rules.ts"
import { freePort } from "../fixtures/free-port.ts"
import { root, run, type Running, temporaryFolder, testudo } from "./process.ts"

vi.setConfig({ testTimeout: 600_000 })

/** Of processor time: the machine may be busy. A usual start takes half a second. */
const mostSeconds = 12
/** A usual start takes 150 MB. */
const mostMegabytes = 750

const line = "Nov 22 10:00:01 web sshd[811]: Failed password for root from 203.0.113.5 port 40022 ssh2"

/** Puts files into a copy of the starter rules. */
const hubWith = (files: Readonly<Record<string, string>>, folder = temporaryFolder()): string => {
  const hub = join(folder, "hub")
  cpSync(join(root, "hub"), hub, { recursive: true })
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(hub, path)), { recursive: true })
    writeFileSync(join(hub, path), content)
  }
  return hub
}

const ticksPerSecond = 100

/** Looks at a process until it ends: its processor time in seconds, and the most memory that it held in megabytes. */
const costOf = async ({ child, finished }: Running) => {
  const cost = { seconds: 0, megabytes: 0 }
  const look = () => {
    try {
      const [, , , , , , , , , , , user, system] = readFileSync(`/proc/${child.pid}/stat`, "utf8")
        .replace(/\(.*\) /, "")
        .split(" ")
      const peak = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, "utf8"))?.[1]
      cost.seconds = (Number(user) + Number(system)) / ticksPerSecond
      cost.megabytes = Math.max(cost.megabytes, Number(peak ?? 0) / 1_024)
      if (cost.seconds > mostSeconds || cost.megabytes > mostMegabytes) child.kill("SIGKILL")
    } catch {
      // It has ended.
    }
  }
  const timer = setInterval(look, 20)
  const done = await finished
  clearInterval(timer)
  return { ...done, ...cost }
}

const isShown = (text: string): void => {
  expect(text).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]/)
  expect(text).not.toMatch(/^\s+at .*:\d+:\d+/m)
}

/** `FILE, line N: why (CODE)`, or without the line when the whole file is meant. */
const problem = /^\/\S.*?(?:, line \d+)?: .+ \((TST-[A-Z0-9-]+)\)$/

const codesOf = (stderr: string, hub: string): ReadonlyArray<string> =>
  stderr
    .trimEnd()
    .split("\n")
    .filter((said) => said !== "")
    .map((said) => {
      expect(said).toMatch(problem)
      expect(said).toContain(hub)
      expect(said.length).toBeLessThan(10_000)
      return problem.exec(said)![1]!
    })

describe("explain", () => {
  it.each(Object.entries(hostileHubs))("is not harmed by %s", async (_, { files, codes }) => {
    const hub = hubWith(files)
    const { status, stdout, stderr, seconds, megabytes } = await costOf(
      testudo("explain", "-t", "syslog", "--hub", hub, line)
    )
    expect({ status, isSoon: seconds < mostSeconds, isSmall: megabytes < mostMegabytes }, stderr).toEqual({
      status: 0,
      isSoon: true,
      isSmall: true
    })
    isShown(stdout)
    isShown(stderr)
    expect(codesOf(stderr, hub)).toEqual(expect.arrayContaining([...codes]))
    if (codes.length === 0) expect(stderr).toBe("")
    expect(stdout).toContain("ssh_failed-auth")
  })

  it("and replay show what terminal codes in names did, to people and to programs", async () => {
    const hub = hubWith(hostileHubs["terminal codes in names"]!.files)
    const log = join(dirname(hub), "auth.log")
    writeFileSync(log, `${line}\n${line}\n`)
    for (const json of [[], ["--json"]]) {
      const explained = await run("explain", "-t", "syslog", "--hub", hub, ...json, line)
      const replayed = await run("replay", log, "--type", "syslog", "--hub", hub, ...json)
      for (const { status, stdout, stderr } of [explained, replayed]) {
        expect(status, stderr).toBe(0)
        isShown(stdout)
        isShown(stderr)
        expect(stdout).toContain(json.length === 0 ? "me/\ufffd[31m\ufffd" : "me/\\u001b[31m\\u001b")
      }
    }
  })
})

describe("run", () => {
  it("lives with all of them at once, and bans by the good rules", async () => {
    const folder = temporaryFolder()
    const files = Object.entries(hostileHubs).flatMap(([name, hub], number) =>
      Object.entries(hub.files).map(([path, content]) => [
        name === "terminal codes in names" || !path.endsWith("evil.yaml")
          ? path
          : path.replace("evil", `evil-${number}`),
        content
      ])
    )
    hubWith(Object.fromEntries(files), folder)
    const config = join(folder, "testudo.yaml")
    const port = await freePort()
    writeFileSync(
      config,
      `eventStore: "embedded:./store"\napi: { listen: "127.0.0.1:${port}" }\nrules: { hub: ./hub }\nacquisition:\n  - { files: [./auth.log], type: syslog, timezone: UTC }\n`
    )
    writeFileSync(join(folder, "auth.log"), `${line}\n`.repeat(12))
    const node = testudo("run", "--config", config)
    await node.says(/with \d+ parsers and [1-9]\d* scenarios/)
    await node.says(/ban 203\.0\.113\.5 /)
    const memory = readFileSync(`/proc/${node.child.pid}/status`, "utf8")
    const { status, stdout, stderr } = await node.stop("SIGINT")
    expect(status).toBe(0)
    isShown(stdout)
    isShown(stderr)
    for (const code of new Set(Object.values(hostileHubs).flatMap(({ codes }) => codes))) expect(stderr).toContain(code)
    expect(Number(/VmHWM:\s+(\d+)/.exec(memory)![1]) / 1_024).toBeLessThan(1_500)
  })
})

describe("hubtest", () => {
  it("names what is wrong in each test, and shows it harmlessly", async () => {
    const folder = temporaryFolder()
    const { files } = hostileHubs["terminal codes in names"]!
    const hub = hubWith(files, folder)
    const tests = join(folder, "tests")
    const put = (path: string, text: string) => {
      mkdirSync(dirname(join(tests, path)), { recursive: true })
      writeFileSync(join(tests, path), text)
    }
    const configuration = "parsers: [testudo/syslog-logs]\nlog_file: x.log\nlog_type: syslog\n"
    for (const [name, config] of [
      [`codes-${terminalCodes}`, configuration],
      [
        "codes-config",
        `parsers: ["\\e[31m\\u009b", "../\\e[31m.yaml"]\nlog_file: "\\e[31m\\u009b.log"\nlog_type: "\\e[31m"\n`
      ],
      ["codes-yaml", `a: "\\e[31m\u009b\n`],
      ["outside", configuration.replace("x.log", "../../../../../../../../etc/passwd")],
      ["link", configuration]
    ] as const) {
      put(`${name}/config.yaml`, config)
      put(`${name}/x.log`, `${line}\n${terminalCodes}\n`)
      put(`${name}/parser.assert`, `"${terminalCodes}" == "b"\n"${terminalCodes}" contains "b"\n(${terminalCodes}\n`)
    }
    symlinkSync("/etc/passwd", join(tests, "link/scenario.assert"))
    const { status, stdout, stderr, seconds } = await costOf(
      testudo("hubtest", "--hub", hub, "--tests", tests, "--coverage")
    )
    expect(status).toBe(1)
    isShown(stdout)
    isShown(stderr)
    expect(seconds).toBeLessThan(mostSeconds)
    expect(stdout).not.toContain("root:")
    expect(stdout.match(/outside the folder of the tests \(TST-HUBTEST-FILE\)/g)).toHaveLength(2)
    expect(stdout).toMatch(/config\.yaml, line 1: .*\(TST-HUBTEST-CONFIG\)/)
    expect(stderr).toContain("5 of 5 tests failed. (TST-HUBTEST-FAILED)")
    const wrong = await costOf(testudo("hubtest", "--hub", hub, "--tests", tests, `codez-${terminalCodes}`))
    expect(wrong.status).toBe(1)
    isShown(wrong.stderr)
    expect(wrong.stderr).toContain("TST-HUBTEST-NO-TEST")
  })
})
