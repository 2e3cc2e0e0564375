/** `testudo explain`: what a person sees of the way of a line. */
import { spawnSync } from "node:child_process"
import { closeSync, existsSync, openSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { gzipSync } from "node:zlib"
import { describe, expect, it } from "vitest"
import { root, run, shared, start, temporaryFolder } from "./process.ts"

const failed = (second: number) =>
  `Nov 22 10:00:0${second} web sshd[811]: Failed password for root from 203.0.113.5 port 40022 ssh2`
const options = ["--type", "syslog", "--now", "2026-11-22T12:00:00Z"]

interface Explained {
  readonly lines: ReadonlyArray<{
    readonly number?: number
    readonly line: string
    readonly parsed: boolean
    readonly time: string
    readonly buckets: ReadonlyArray<{ readonly scenario: string; readonly outcome: string; readonly level: number }>
  }>
  readonly read: number
  readonly understood: number
}

describe("testudo explain", () => {
  it("shows a line's way as a tree, without colours when nobody sees them", async () => {
    const { status, stdout, stderr } = await run("explain", failed(1), ...options)
    expect([status, stderr]).toEqual([0, ""])
    expect(stdout).not.toContain("\x1b")
    expect(stdout).toMatch(/^line: Nov 22 10:00:01 web sshd/)
    expect(stdout).toMatch(/├ s00-raw\n {2}│ └ ✓ testudo\/syslog-logs \(\+\d+ ~1\)\n/)
    expect(stdout).toContain("~ evt.Stage = s01-parse (was s00-raw)\n")
    expect(stdout).toContain("+ evt.Meta.source_ip = 203.0.113.5\n")
    expect(stdout).toContain("├ understood, detected at 2026-11-22T10:00:01Z\n")
    expect(stdout).toContain("├ testudo/ssh-bf of 203.0.113.5: ██░░░░░░░░ 1 of 5, one leaks in 10s\n")
  })

  it("explains a file line by line, compressed or from standard input, until a bucket runs over", async () => {
    const text = `${[1, 2, 3, 4, 5, 6].map(failed).join("\n")}\n\nnonsense\n`
    const folder = temporaryFolder()
    const file = join(folder, "auth.log")
    writeFileSync(file, text)
    writeFileSync(`${file}.gz`, gzipSync(text))
    const { status, stdout } = await run("explain", file, ...options, "--json")
    expect(status).toBe(0)
    const explained = JSON.parse(stdout) as Explained
    expect([explained.read, explained.understood]).toEqual([7, 6])
    expect(explained.lines.map(({ number }) => number)).toEqual([1, 2, 3, 4, 5, 6, 8])
    expect(explained.lines.map(({ parsed }) => parsed)).toEqual([true, true, true, true, true, true, false])
    const bruteForce = explained.lines.flatMap(({ buckets }) =>
      buckets.filter(({ scenario }) => scenario === "testudo/ssh-bf")
    )
    expect(bruteForce.map(({ outcome }) => outcome)).toEqual([...Array(5).fill("filling"), "overflowed"])

    const tree = await run("explain", file, ...options)
    expect(tree.stdout).toContain("testudo/ssh-bf of 203.0.113.5: ran over with 6 events")
    expect(tree.stdout).toMatch(/alert: Ip 203\.0\.113\.5 performed 'testudo\/ssh-bf' \(6 events over 5s\)/)
    expect(tree.stdout).toMatch(/\n7 lines, 6 understood\n$/)
    // The path is part of what a parser sets.
    const shape = (output: string) => (JSON.parse(output) as Explained).lines.map(({ line, time }) => [line, time])
    const packed = await run("explain", `${file}.gz`, ...options, "--json")
    expect(shape(packed.stdout)).toEqual(shape(stdout))
    const piped = start(join(root, "bin/testudo"), ["explain", "-", ...options, "--json"], { stdin: text })
    expect(shape((await piped.finished).stdout)).toEqual(shape(stdout))
  }, 600_000)

  it("shows only what no parser took with --failures", async () => {
    const file = join(temporaryFolder(), "auth.log")
    writeFileSync(file, `${failed(1)}\nnonsense\n${failed(2)}\n`)
    const { stdout } = await run("explain", file, ...options, "--failures")
    expect(stdout).toContain("line 2: nonsense\n")
    expect(stdout).toContain("not understood: it came to its end in s00-raw")
    expect(stdout).not.toContain("line 1:")
    expect(stdout).toMatch(/3 lines, 2 understood\n$/)
    const json = await run("explain", file, ...options, "--failures", "--json")
    expect(JSON.parse(json.stdout)).toMatchObject({ lines: [{ number: 2, parsed: false }], read: 3, understood: 2 })
  }, 600_000)

  it("asks about --type when no line was understood", async () => {
    const { status, stderr } = await run("explain", failed(1), "--type", "sylog")
    expect(status).toBe(0)
    expect(stderr).toBe("testudo: No line was understood. Is --type sylog right? (TST-EXPLAIN-NOTHING-UNDERSTOOD)\n")
  })

  it("works with CrowdSec's hub, and shows who whitelisted a line", async () => {
    const line = `Nov 22 10:00:01 web sshd[811]: Failed password for root from 192.168.1.7 port 40022 ssh2`
    const hub = [
      "--hub",
      join(shared, "hub"),
      "--data",
      join(shared, "hub-data"),
      "--collection",
      "crowdsecurity/linux"
    ]
    const { status, stdout } = await run("explain", line, ...options, ...hub, "--verbose")
    expect(status).toBe(0)
    expect(stdout).toMatch(/✓ crowdsecurity\/sshd-logs/)
    expect(stdout).toMatch(/✗ crowdsecurity\/geoip-enrich \(did not take it\)/)
    expect(stdout).toMatch(/crowdsecurity\/ssh-bf of 192\.168\.1\.7: ██░+ 1 of 5/)
    const starters = await run("explain", line, ...options)
    expect(starters.stdout).toMatch(/\+ evt\.WhitelistReason = /)
    expect(starters.stdout).toMatch(/understood, but whitelisted: /)
  }, 600_000)

  it("takes whatever the line holds as text: nothing reaches the terminal that it would obey", async () => {
    const { stdout } = await run("explain", "\x1b[31m evil \u202e line", ...options)
    expect(stdout).toContain("line: \ufffd[31m evil \ufffd line\n")
  })

  it.runIf(existsSync("/dev/full"))("says that its JSON cannot be written, and fails", () => {
    const full = openSync("/dev/full", "w")
    const { status, stderr } = spawnSync(join(root, "bin/testudo"), ["explain", "x y", ...options, "--json"], {
      stdio: ["ignore", full, "pipe"]
    })
    closeSync(full)
    expect(status).toBe(1)
    expect(String(stderr)).toContain("TST-CLI-OUTPUT")
  })

  it("says what is wrong with the call", async () => {
    const cases: ReadonlyArray<readonly [ReadonlyArray<string>, RegExp]> = [
      [["/var/log/gone.log"], /There is no file \/var\/log\/gone\.log.*TST-EXPLAIN-NO-FILE/],
      [
        ["/tmp/my logs/gone.log"],
        /There is no file \/tmp\/my logs\/gone\.log.*explain -t syslog - .TST-EXPLAIN-NO-FILE/
      ],
      [["/tmp"], /This is a directory[\s\S]*TST-EXPLAIN-INCOMPLETE/],
      [["x y", "--hub", "/nowhere"], /TST-HUB-UNREADABLE/],
      [["x y", "--now", "soon"], /TST-CLI-TIME/]
    ]
    for (const [given, message] of cases) {
      const { status, stderr } = await run("explain", "--type", "syslog", ...given)
      expect(status).toBe(1)
      expect(stderr).toMatch(message)
      expect(stderr).not.toMatch(/\bat .*\.ts:\d+/)
    }
  }, 600_000)
})
