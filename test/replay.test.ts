/** What `testudo replay` finds in logs whose truth is known, and that it finds the same every time. */
import { execFileSync } from "node:child_process"
import { existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from "node:fs"
import { open } from "node:fs/promises"
import { join } from "node:path"
import { gzipSync } from "node:zlib"
import { describe, expect, it } from "vitest"
import { botnet } from "../fixtures/generators/botnet.ts"
import { cardStuffing } from "../fixtures/generators/card-stuffing.ts"
import { sshAttackers } from "../fixtures/generators/ssh-attackers.ts"
import { monday } from "../fixtures/generators/timeline.ts"
import { visitors } from "../fixtures/generators/visitors.ts"
import { type Finished, run, shared, start, root, temporaryFolder, testudo, until } from "./process.ts"
import { type Replayed, replayedBy } from "./replayed.ts"
import { writtenLog } from "./written-log.ts"

const resultOf = (finished: Finished): Replayed => {
  expect(finished.stderr).toBe("")
  return replayedBy(finished)
}

const banned = ({ offenders }: Replayed): ReadonlyArray<string> =>
  offenders.filter(({ decision }) => decision !== null).map(({ value }) => value)

const now = ["--now", "2026-11-22T12:00:00Z"]

describe("a log of sshd that people published", () => {
  it("has brute-forcers, and all of them are banned", async () => {
    const file = join(shared, "logs/OpenSSH_2k.log")
    const text = readFileSync(file, "utf8")
    // The log says who they are: addresses with six failed passwords or more. sshd counts what the syslog daemon folds.
    const failures = new Map<string, number>()
    for (const [, times, address] of text.matchAll(
      /sshd\[\d+\]: (?:message repeated (\d+) times: \[ )?Failed password for .* from ([\d.]+) port/g
    )) {
      failures.set(address!, (failures.get(address!) ?? 0) + Number(times ?? 1))
    }
    const bruteForcers = [...failures].filter(([, count]) => count >= 6).map(([address]) => address)
    expect(bruteForcers.sort()).toEqual([
      "103.99.0.122",
      "106.5.5.195",
      "112.95.230.3",
      "119.4.203.64",
      "123.235.32.19",
      "183.62.140.253",
      "185.190.58.151",
      "187.141.143.180",
      "5.188.10.180",
      "5.36.59.76"
    ])
    const result = resultOf(await run("replay", file, "--type", "syslog", "--json", ...now))
    expect(result.lines).toBe(2000)
    expect(banned(result)).toEqual(expect.arrayContaining(bruteForcers))
    for (const { decision } of result.offenders.filter(({ value }) => bruteForcers.includes(value))) {
      expect(decision).toMatchObject({ type: "ban", duration: "4h" })
      expect(decision!.from).toMatch(/^2025-12-10T/)
    }
  })

  it("has the same ones for the rules of CrowdSec's hub, unmodified", async () => {
    const hub = ["--hub", join(shared, "hub"), "--data", join(shared, "hub-data")]
    const rules = [...hub, "--collection", "crowdsecurity/linux"]
    const file = join(shared, "logs/OpenSSH_2k.log")
    expect(banned(replayedBy(await run("replay", file, "--type", "syslog", "--json", ...now, ...rules)))).toEqual([
      "103.207.39.16",
      "103.207.39.212",
      "103.99.0.122",
      "112.95.230.3",
      "119.4.203.64",
      "123.235.32.19",
      "183.62.140.253",
      "185.190.58.151",
      "187.141.143.180",
      "5.188.10.180",
      "60.2.12.12"
    ])
  })
})

describe("generated logs", () => {
  it("of 7,000 bots among 20,000 visitors: 95 % of the bots are banned within the five minutes, and no visitor", async () => {
    const log = botnet({ seed: 1 })
    const file = await writtenLog(log, join(temporaryFolder(), "access.log"))
    const result = resultOf(await run("replay", file, "--type", "nginx", "--json", ...now))
    const end = monday + 5 * 60_000
    const caught = result.offenders.filter(
      ({ value, decision }) => log.attackers.has(value) && decision !== null && Date.parse(decision.from) <= end
    )
    console.log(`botnet: ${caught.length} of ${log.attackers.size} bots banned in ${result.lines} lines`)
    expect(log.attackers.size).toBe(7_000)
    expect(caught.length).toBeGreaterThanOrEqual(0.95 * 7_000)
    expect(banned(result).filter((value) => !log.attackers.has(value))).toEqual([])
  }, 600_000)

  it("of card stuffing: the one source is banned and nobody else", async () => {
    const log = cardStuffing({ seed: 2 })
    const file = await writtenLog(log, join(temporaryFolder(), "access.log"))
    const result = resultOf(await run("replay", file, "--type", "nginx", "--json", ...now))
    expect(banned(result)).toEqual([...log.attackers])
  })

  it("of attackers on ssh: all are banned, and no administrator", async () => {
    const log = sshAttackers({ seed: 3 })
    const file = await writtenLog(log, join(temporaryFolder(), "auth.log"))
    const result = resultOf(await run("replay", file, "--type", "syslog", "--json", ...now))
    expect([...banned(result)].sort()).toEqual([...log.attackers].sort())
  })

  it("of three days of ordinary visitors: nobody is banned", async () => {
    const log = visitors({ seed: 4 })
    const file = await writtenLog(log, join(temporaryFolder(), "access.log"))
    const result = resultOf(await run("replay", file, "--type", "nginx", "--json", ...now))
    expect(result.lines).toBeGreaterThan(50_000)
    expect(banned(result)).toEqual([])
  }, 600_000)
})

describe("profiles", () => {
  it("that look back make each ban of an offender longer", async () => {
    const folder = temporaryFolder()
    const profiles = join(folder, "profiles.yaml")
    writeFileSync(
      profiles,
      `name: longer
filters: [Alert.Remediation == true]
decisions: [{ type: captcha, duration: 1h }]
duration_expr: Sprintf("%dh", GetDecisionsCount(Alert.GetValue()) * 2 + 1)
`
    )
    const file = join(folder, "auth.log")
    const attempts = [0, 10, 20].flatMap((minute) =>
      Array.from(
        { length: 6 },
        (_, second) =>
          `Nov 22 10:${String(minute).padStart(2, "0")}:0${second} web sshd[7]: Failed password for root from 203.0.113.9 port 4711 ssh2`
      )
    )
    writeFileSync(file, `${attempts.join("\n")}\n`)
    const result = resultOf(await run("replay", file, "--type", "syslog", "--profiles", profiles, "--json", ...now))
    expect([result.decisions, result.offenders]).toMatchObject([
      3,
      [{ value: "203.0.113.9", decision: { type: "captcha", duration: "5h", from: "2026-11-22T10:20:05Z" } }]
    ])
  })
})

describe("the same log", () => {
  it("gives the same, twice, in any zone, compressed, in rotated parts in any order, and from standard input", async () => {
    const folder = temporaryFolder()
    const lines = [...sshAttackers({ seed: 5, attackers: 12, administrators: 10 }).lines]
    const text = `${lines.join("\n")}\n`
    const file = join(folder, "auth.log")
    writeFileSync(file, text)
    const options = ["--type", "syslog", "--json", ...now]
    const expected = resultOf(await run("replay", file, ...options))
    expect(expected.offenders.length).toBeGreaterThan(5)
    const again = start(join(root, "bin/testudo"), ["replay", file, ...options], { env: { TZ: "America/Los_Angeles" } })
    expect(resultOf(await again.finished)).toEqual(expected)
    const packed = join(folder, "packed.log.gz")
    writeFileSync(packed, gzipSync(text))
    expect(resultOf(await run("replay", packed, ...options))).toEqual(expected)

    const third = Math.floor(lines.length / 3)
    const parts = join(folder, "parts.log")
    writeFileSync(`${parts}.2.gz`, gzipSync(`${lines.slice(0, third).join("\n")}\n`))
    writeFileSync(`${parts}.1`, `${lines.slice(third, 2 * third).join("\n")}\n`)
    writeFileSync(parts, `${lines.slice(2 * third).join("\n")}\n`)
    expect(resultOf(await run("replay", parts, `${parts}.1`, `${parts}.2.gz`, ...options))).toEqual(expected)

    const piped = start(join(root, "bin/testudo"), ["replay", "-", ...options], { stdin: text })
    expect(resultOf(await piped.finished)).toEqual(expected)
  }, 600_000)

  it("into the same store appends nothing twice, and goes on with what was added since", async () => {
    const folder = temporaryFolder()
    const lines = [...sshAttackers({ seed: 6, attackers: 12, administrators: 10 }).lines]
    const file = join(folder, "auth.log")
    const store = join(folder, "store")
    const half = Math.floor(lines.length / 2)
    const options = ["--type", "syslog", "--json", ...now]
    writeFileSync(file, `${lines.slice(0, half).join("\n")}\n`)
    const first = resultOf(await run("replay", file, ...options, "--store", store))
    const second = await run("replay", file, ...options, "--store", store)
    expect(replayedBy(second)).toEqual(first)
    expect(second.stderr).toMatch(/^[^\n]*is not counted again\. \(TST-ACQ-READ-BEFORE\)\n$/)
    writeFileSync(file, `${lines.join("\n")}\n`)
    const third = resultOf(await run("replay", file, ...options, "--store", `embedded:${store}`))
    expect(third).toEqual(resultOf(await run("replay", file, ...options)))
    expect(existsSync(join(store, "snapshots"))).toBe(true)
  }, 600_000)
})

describe("a pipe", () => {
  const namedPipe = (): string => {
    const path = join(temporaryFolder(), "pipe")
    execFileSync("mkfifo", [path])
    return path
  }
  const opened = (process: number, path: string): boolean =>
    readdirSync(`/proc/${process}/fd`).some((number) => {
      try {
        return readlinkSync(`/proc/${process}/fd/${number}`) === path
      } catch {
        return false // It was closed in between.
      }
    })

  it("that nobody writes to is waited for until somebody has enough of it", async () => {
    const path = namedPipe()
    const replay = testudo("replay", path, "--type", "syslog", "--json")
    await until("the pipe is open", () => opened(replay.child.pid!, path))
    expect(await replay.stop("SIGINT")).toMatchObject({ status: 0, stderr: "" })
  })

  it("that says nothing more for now holds nobody either", async () => {
    const path = namedPipe()
    const replay = testudo("replay", path, "--type", "syslog", "--json")
    const writer = await open(path, "w")
    await writer.write(readFileSync(join(root, "fixtures/logs/auth.log")).subarray(0, 5_000))
    expect(await replay.stop("SIGINT")).toMatchObject({ status: 0, stderr: "" })
    await writer.close()
  })

  it("is read to its end, packed too", async () => {
    const log = join(root, "fixtures/logs/auth.log")
    const plain = resultOf(await run("replay", log, "--type", "syslog", "--json", ...now))
    for (const bytes of [readFileSync(log), gzipSync(readFileSync(log))]) {
      const path = namedPipe()
      const replay = testudo("replay", path, "--type", "syslog", "--json", ...now)
      const writer = await open(path, "w")
      await writer.write(bytes)
      await writer.close()
      const result = resultOf(await replay.finished)
      expect([result.lines, banned(result)]).toEqual([plain.lines, banned(plain)])
    }
  })
})

describe("mistakes on the command line", () => {
  it("get one line", async () => {
    const file = join(shared, "logs/OpenSSH_2k.log")
    const cases: ReadonlyArray<readonly [ReadonlyArray<string>, string]> = [
      [["--type", "syslog", "--now", "soon"], "TST-CLI-TIME"],
      [["--type", "syslog", "--timezone", "Mars/Base"], "TST-CLI-ZONE"],
      [["--type", "syslog", "--store", "redis:x"], "TST-CLI-STORE"],
      [["--type", "syslog", "--profiles", "/nowhere/profiles.yaml"], "TST-REPLAY-PROFILES"],
      [["--type", "syslog", "--hub", "/nowhere"], "TST-HUB-UNREADABLE"],
      [["--type", "syslog", "--collection", "testudo/sshdd"], "TST-HUB-UNKNOWN-ITEM"]
    ]
    for (const [options, code] of cases) {
      const { stdout, stderr } = await run("replay", file, ...options, "--json")
      expect(stderr).toContain(code)
      expect(stderr).not.toMatch(/\bat .*\.ts:\d+/)
      if (code !== "TST-HUB-UNKNOWN-ITEM") expect(stdout).toBe("")
    }
  }, 600_000)
})

it("rules whose events name nobody are told, when they run over", async () => {
  const folder = temporaryFolder()
  const rule = (path: string, text: string) => {
    mkdirSync(join(folder, "hub", path, ".."), { recursive: true })
    writeFileSync(join(folder, "hub", path), text)
  }
  rule("parsers/s00-raw/me/p.yaml", "name: me/p\ngrok: {pattern: '^%{IP:address} failed$', apply_on: Line.Raw}\n")
  rule("scenarios/me/s.yaml", 'type: trigger\nname: me/s\ndescription: d\nfilter: evt.Parsed.address != ""\n')
  const log = join(folder, "app.log")
  writeFileSync(log, "192.0.2.1 failed\n192.0.2.1 failed\n")
  const { stdout, stderr } = await run("replay", log, "--type", "app", "--hub", join(folder, "hub"), "--json")
  expect(JSON.parse(stdout)).toMatchObject({ parsed: 2, overflows: 0 })
  expect(stderr).toMatch(/^testudo: 2 times a bucket ran over whose events name nobody.* \(TST-REPLAY-NAMELESS\)\n$/)
})
