/** `testudo log` and `testudo erase` with real processes, on the log of a replay. */
import { spawnSync } from "node:child_process"
import { closeSync, cpSync, existsSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { describe, expect, it } from "vitest"
import { botnet } from "../fixtures/generators/botnet.ts"
import { freePort } from "../fixtures/free-port.ts"
import { root, run, temporaryFolder, testudo, until } from "./process.ts"
import { recordedEvents } from "./recorded.ts"

const folder = temporaryFolder()

const lines = [...botnet({ seed: 3, bots: 60, visitors: 120 }).lines]
const access = join(folder, "access.log")
writeFileSync(access, `${lines.join("\n")}\n`)

const told = ["--json", "--now", "2026-11-22T12:00:00Z"]

const replayed = (async () => {
  const store = join(folder, "store")
  const replay = await run("replay", access, "--type", "nginx", "--store", store, ...told)
  expect(replay.status, replay.stderr).toBe(0)
  return { store, report: JSON.parse(replay.stdout) as { offenders: ReadonlyArray<{ value: string }> } }
})()

let made = 0
const copyOfStore = async (): Promise<string> => {
  const { store } = await replayed
  const copy = join(folder, `copy-${made++}`)
  cpSync(store, copy, { recursive: true })
  return copy
}

/** All that the files of a folder hold. */
const bytesOf = (directory: string): Buffer =>
  Buffer.concat(
    readdirSync(directory, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => readFileSync(join(entry.parentPath, entry.name)))
  )

it("a damaged batch stops nothing but itself", async () => {
  const store = await copyOfStore()
  const db = new DatabaseSync(join(store, "events.sqlite"))
  const batch = "(select min(position) from events where bytes is not null)"
  db.exec(`update events set bytes = zeroblob(10) where position = ${batch}`)
  db.close()
  // What was kept of the engine refers to its lines, or not.
  for (const again of [false, true]) {
    if (again) rmSync(join(store, "snapshots"), { recursive: true })
    const replay = await run("replay", "fixtures/logs/auth.log", "--type", "syslog", "--store", store, ...told)
    expect(replay.status, replay.stderr).toBe(0)
    if (again) expect(replay.stderr).toMatch(/cannot be read.*Its lines are left out\. \(TST-ACQ-DAMAGED-BATCH\)/)
    expect(replay.stderr).not.toMatch(/^ +at /m)
    const values = JSON.parse(replay.stdout).offenders.map(({ value }: { value: string }) => value)
    expect(values).toContain("203.0.113.66")
  }
  const erase = await run("erase", "203.0.113.66", "--store", store)
  expect([erase.status, erase.stderr]).toEqual([1, expect.stringMatching(/^testudo: .*TST-STORE-DAMAGED\)\n$/)])
})

it.runIf(existsSync("/dev/full"))("what cannot be printed is a failure", () => {
  const full = openSync("/dev/full", "w")
  const { status, stderr } = spawnSync(join(root, "bin/testudo"), ["log", "catalogue"], {
    stdio: ["ignore", full, "pipe"]
  })
  closeSync(full)
  expect(status).toBe(1)
  expect(String(stderr)).toContain("(ENOSPC)")
  expect(String(stderr)).toContain("TST-CLI-OUTPUT")
})

describe("testudo log verify", () => {
  it("finds nothing wrong, tells the head, and holds the log to a head that was kept", async () => {
    const { store } = await replayed
    const verify = await run("log", "verify", "--store", store)
    expect(verify.status, verify.stderr).toBe(0)
    expect(verify.stdout).toMatch(/^\d+ events in \d+ streams; head \d+-[0-9a-f]{64}\nThe log is what was written\.\n$/)
    const json = JSON.parse((await run("log", "verify", "--store", store, "--json")).stdout)
    expect(json).toMatchObject({ ok: true, findings: [], dropped: 0 })
    expect((await run("log", "verify", "--store", store, "--head", json.head)).status).toBe(0)
    const other = json.head.replace(/.$/, (last: string) => (last === "0" ? "1" : "0"))
    const wrong = await run("log", "verify", "--store", store, "--head", other)
    expect(wrong.status).toBe(1)
    expect(wrong.stderr).toContain("TST-LOG-WRONG")
    expect((await run("log", "verify", "--store", store, "--head", "17")).stderr).toContain("TST-LOG-HEAD")
  })

  it("names the place of a change by hand, with exit status 1", async () => {
    const store = await copyOfStore()
    const db = new DatabaseSync(join(store, "events.sqlite"))
    db.exec(
      "update events set data = replace(data, '\"4h\"', '\"1h\"') where position = (select max(position) from events)"
    )
    const position = Object.values(db.prepare("select max(position) from events").get()!)[0]
    db.close()
    const verify = await run("log", "verify", "--store", store, "--json")
    expect(verify.status).toBe(1)
    expect(JSON.parse(verify.stdout)).toMatchObject({ ok: false, findings: [{ position }] })
    expect(verify.stderr).toContain(`position ${position}`)
    expect((await run("replay", access, "--type", "nginx", "--store", store)).status).toBe(0)
  })

  it("and a lost tail: nobody writes until somebody accepts it", async () => {
    const store = await copyOfStore()
    const db = new DatabaseSync(join(store, "events.sqlite"))
    db.exec("delete from events where position > (select max(position) - 3 from events)")
    db.close()
    const verify = await run("log", "verify", "--store", store)
    expect(verify.status).toBe(1)
    expect(verify.stdout).toContain("the last events are missing")
    const add = await run("decisions", "add", "203.0.113.77", "--store", store)
    expect(add.status).toBe(1)
    expect(add.stderr).toContain("TST-STORE-LOST")
    const accepted = await run("log", "accept-loss", "--store", store)
    expect(accepted.status, accepted.stderr).toBe(0)
    expect((await run("decisions", "add", "203.0.113.77", "--store", store)).status).toBe(0)
    expect((await run("log", "verify", "--store", store)).status).toBe(0)
    expect((await run("log", "tail", "--store", store, "--stream", "audit")).stdout).toContain("LossAccepted")
  })
})

describe("testudo log stats and tail", () => {
  it("count and show", async () => {
    const { store } = await replayed
    const events = await recordedEvents(store)
    const stats = JSON.parse((await run("log", "stats", "--store", store, "--json")).stdout)
    expect(stats).toMatchObject({ events: events.length, lines: lines.length, retention: null })
    expect(stats.kinds.reduce((sum: number, kind: { events: number }) => sum + kind.events, 0)).toBe(events.length)
    expect((await run("log", "stats", "--store", store)).stdout).toContain("LogBatchAppended")
    const tail = (await run("log", "tail", "--store", store, "-n", "3")).stdout.trimEnd().split("\n")
    expect(tail).toHaveLength(3)
    expect(tail[2]).toContain(events.at(-1)!.type)
    const decisions = await run("log", "tail", "--store", store, "--type", "DecisionMade", "-n", "1000", "--json")
    const shown = decisions.stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line).id)
    expect(shown).toEqual(events.filter(({ type }) => type === "DecisionMade").map(({ id }) => id))
    expect((await run("log", "tail", "--store", store, "--type", "Nothing")).stderr).toContain("TST-LOG-TYPE")
  })

  it("tells what is beyond the retention of the configuration", async () => {
    const store = await copyOfStore()
    const db = new DatabaseSync(join(store, "events.sqlite"))
    db.exec("update events set recorded_at = recorded_at - 100 * 86400000")
    db.close()
    const config = join(folder, "kept.yaml")
    writeFileSync(config, `eventStore: "embedded:${store}"\nretention: { dossiers: { age: 30d } }\n`)
    const dossiers = (await replayed).report.offenders.length - 1 // all but the one with the highest number
    const { retention } = JSON.parse((await run("log", "stats", "--config", config, "--json")).stdout)
    const rules = { linesAge: null, linesBytes: null, dossiersAge: 30 * 86_400_000 }
    expect(retention).toEqual({ ...rules, beyond: { batches: 0, bytes: 0, dossiers } })
    const { stdout } = await run("log", "stats", "--config", config)
    expect(stdout).toContain(`Retention: dossiers for 30 d. Beyond it: 0 batches (0 B), ${dossiers} dossiers.`)
  })

  it("follows what is appended", async () => {
    const store = await copyOfStore()
    const follow = testudo("log", "tail", "--store", store, "-n", "1", "--follow")
    await until("the tail to begin", async () => follow.output().includes("\n"))
    expect((await run("decisions", "add", "203.0.113.78", "--store", store)).status).toBe(0)
    await until("the decision to be shown", async () => follow.output().includes("203.0.113.78"))
    await follow.stop("SIGINT")
  })
})

describe("testudo log copy", () => {
  it("copies all events, goes on with a copy, and refuses a store with something else", async () => {
    const { store } = await replayed
    const target = join(folder, "target")
    const first = await run("log", "copy", store, target)
    expect(first.status, first.stderr).toBe(0)
    const [original, copy] = [await recordedEvents(store), await recordedEvents(target)]
    const said = ({ stream, id, type, metadata, data }: (typeof original)[number]) => ({
      stream,
      id,
      type,
      metadata,
      data
    })
    expect(copy.map(said)).toEqual(original.map(said))
    expect((await run("log", "verify", "--store", target)).status).toBe(0)
    const again = await run("log", "copy", store, target)
    expect(again.stdout).toMatch(/^0 events copied\. Both logs hold/)
    expect((await run("decisions", "add", "203.0.113.79", "--store", target)).status).toBe(0)
    const refused = await run("log", "copy", store, target)
    expect(refused.status).toBe(1)
    expect(refused.stderr).toContain("TST-LOG-COPY-OTHER")
  })

  it("goes on where it was killed", async () => {
    const { store } = await replayed
    const target = join(folder, "killed-target")
    for (let kill = 0; kill < 3; kill++) {
      const copying = testudo("log", "copy", store, target)
      await until(
        "the copy to begin",
        async () => copying.child.exitCode !== null || (await recordedEvents(target).catch(() => [])).length > 0
      )
      await copying.stop("SIGKILL")
    }
    const last = await run("log", "copy", store, target)
    expect(last.status, last.stderr).toBe(0)
    expect((await recordedEvents(target)).map(({ id }) => id)).toEqual(
      (await recordedEvents(store)).map(({ id }) => id)
    )
  })
})

describe("testudo erase", () => {
  it("leaves no trace of one offender, all of the others, and a log that verifies", async () => {
    const { report } = await replayed
    const value = report.offenders.map((offender) => offender.value).find((one) => /^\d+\.\d+\.\d+\.\d+$/.test(one))!
    const store = await copyOfStore()
    const before = await recordedEvents(store)
    expect(bytesOf(store).includes(value)).toBe(true)
    const head = JSON.parse((await run("log", "verify", "--store", store, "--json")).stdout).head
    const erased = await run("erase", value, "--store", store)
    expect(erased.status, erased.stderr).toBe(0)
    expect(erased.stdout).toMatch(
      /^Erased: [1-9]\d* lines? in [1-9]\d* batch(es)?\. Rewritten: [1-9]\d* other events?\./
    )
    expect(bytesOf(store).includes(value)).toBe(false)

    const verify = await run("log", "verify", "--store", store, "--head", head)
    expect(verify.status, verify.stdout).toBe(0)
    const after = await recordedEvents(store)
    expect(JSON.stringify(after.map(({ data }) => data)).includes(value)).toBe(false)
    for (const [index, event] of before.entries()) {
      expect(after[index]).toMatchObject({ id: event.id, position: event.position, revision: event.revision })
      const about = JSON.stringify([event.stream, event.data]).includes(value)
      if (!about && event.type !== "LogBatchAppended") expect(after[index]).toEqual(event)
    }
    const audit = after.filter(({ type }) => type === "OffenderErased")
    expect(audit.length).toBeGreaterThan(0)
    expect(JSON.stringify(audit)).not.toContain(value)

    expect((await run("erase", value, "--store", store)).stdout).toContain("says nothing of this value")
    // The replay goes on behind what was erased, and knows what it has read.
    const again = await run("replay", access, "--type", "nginx", "--store", store, ...told)
    expect(again.status, again.stderr).toBe(0)
    expect(again.stdout.includes(value)).toBe(false)
    const countOf = (events: typeof before, type: string) => events.filter((event) => event.type === type).length
    const since = await recordedEvents(store)
    for (const type of ["LogBatchAppended", "OverflowRaised", "DecisionMade"]) {
      expect(countOf(since, type), type).toBe(countOf(before, type))
    }
    expect((await run("log", "verify", "--store", store)).status).toBe(0)
  })

  it("waits for decisions that hold, and touches nothing else by mistake", async () => {
    const store = await copyOfStore()
    expect((await run("decisions", "add", "203.0.113.80", "--store", store)).status).toBe(0)
    const refused = await run("erase", "203.0.113.80", "--store", store)
    expect(refused.status).toBe(1)
    expect(refused.stderr).toContain("TST-ERASE-ACTIVE")
    expect((await run("decisions", "delete", "203.0.113.80", "--store", store)).status).toBe(0)
    expect((await run("erase", "203.0.113.8", "--store", store)).stdout).toContain("says nothing")
    expect((await run("erase", "203.0.113.80", "--store", store)).status).toBe(0)
    expect((await run("log", "verify", "--store", store)).status).toBe(0)
    expect(bytesOf(store).includes("203.0.113.80")).toBe(false)
    expect((await run("erase", "203.0.113.80", "--store", join(folder, "nothing"))).stderr).toContain(
      "TST-STORE-MISSING"
    )
  })

  it("is no cover for another change", async () => {
    const { report } = await replayed
    const { value } = report.offenders.at(-1)!
    const store = await copyOfStore()
    expect((await run("erase", value, "--store", store)).status).toBe(0)
    const db = new DatabaseSync(join(store, "events.sqlite"))
    db.exec("update events set data = replace(data, 'erased-', 'wrong-') where content is not null")
    db.close()
    const verify = await run("log", "verify", "--store", store)
    expect(verify.status).toBe(1)
    expect(verify.stdout).toContain("no erasure on the stream audit tells of what it says now")
  })
})

it("a command ends quietly when nobody reads on, and a node goes on", async () => {
  const { store } = await replayed
  const executable = join(root, "bin/testudo")
  const pipe = (command: string, reader: string) =>
    spawnSync("sh", ["-c", `{ ${command}; echo "status $?" >&2; } | ${reader}`], { encoding: "utf8" })
  const tail = pipe(`${executable} log tail -n 10000 --json --store ${store}`, "head -n 1")
  expect(JSON.parse(tail.stdout)).toMatchObject({ type: expect.any(String) })
  expect(tail.stderr).toBe("status 0\n")

  const place = temporaryFolder()
  writeFileSync(join(place, "auth.log"), "")
  const configuration = join(place, "testudo.yaml")
  writeFileSync(
    configuration,
    `eventStore: embedded:./store\napi: { listen: "127.0.0.1:${await freePort()}" }\nreverseDns: false\n` +
      "acquisition:\n  - { files: [./auth.log], type: syslog, timezone: UTC }\n"
  )
  const node = testudo("run", "--config", configuration)
  await node.says(/Ctrl-C ends it/)
  node.child.stdout!.destroy()
  for (const value of ["198.51.100.1", "198.51.100.2"]) {
    expect((await run("decisions", "add", value, "--config", configuration)).status).toBe(0)
  }
  expect(node.child.exitCode).toBeNull()
  await node.stop()
})
