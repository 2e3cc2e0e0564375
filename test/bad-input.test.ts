/** What goes wrong in real life: each mistake gets one clear message that names the place, and the node lives on. */
import { spawnSync } from "node:child_process"
import { chmodSync, copyFileSync, cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { createServer } from "node:net"
import { join } from "node:path"
import { gzipSync } from "node:zlib"
import { describe, expect, it } from "vitest"
import { freePort } from "../fixtures/free-port.ts"
import { root, run, start, temporaryFolder, testudo, until } from "./process.ts"

const hub = join(root, "hub")

const failedLogin = (address: string, second: number): string =>
  `Nov 22 10:00:${String(second).padStart(2, "0")} web sshd[811]: Failed password for root from ${address} port 40022 ssh2`

const bruteForce = (address: string): string =>
  `${Array.from({ length: 12 }, (_, second) => failedLogin(address, second)).join("\n")}\n`

/** A configuration in a folder of its own. */
const configured = async (
  more = "",
  folder = temporaryFolder()
): Promise<{ folder: string; file: string; port: number }> => {
  const port = await freePort()
  const file = join(folder, "testudo.yaml")
  writeFileSync(
    file,
    `eventStore: "embedded:./store"\napi: { listen: "127.0.0.1:${port}" }\nacquisition:\n  - { files: [./auth.log], type: syslog, timezone: UTC }\n${more}`
  )
  return { folder, file, port }
}

const answers = (port: number) =>
  until("the API", () =>
    fetch(`http://127.0.0.1:${port}/health`).then(
      (response) => response.ok,
      () => false
    )
  )

describe("the configuration", () => {
  it("with an unknown key is refused, with the line and what was meant", async () => {
    const { file } = await configured("alowlist: [192.0.2.1]\n")
    const { status, stdout, stderr } = await run("run", "--config", file)
    expect(status).toBe(1)
    expect(stdout).toBe("")
    expect(stderr).toContain(`${file}, line 5: \`alowlist\` is not a known key here; did you mean \`allowlist\`?`)
    expect(stderr).not.toMatch(/\bat .*\.ts:\d+/)
  })

  it("with a range where an address belongs names the line", async () => {
    const { file } = await configured("allowlist:\n  - 192.0.2.0/33\n")
    const { status, stderr } = await run("run", "--config", file)
    expect(status).toBe(1)
    expect(stderr).toMatch(/testudo\.yaml, line 6: .*192\.0\.2\.0\/33/)
  })

  it("with a role, a node or a lease that cannot be names each line", async () => {
    const { file } = await configured('role: agnet\nnode: "web 1"\nlease: 10ms\n')
    const { status, stderr } = await run("run", "--config", file)
    expect(status).toBe(1)
    expect(stderr).toMatch(/line 5: `role` must be one of all, agent, api, but is `agnet`; did you mean `agent`\?/)
    expect(stderr).toMatch(/line 6: `web 1` is no name for a node; use 1 to 63 letters, digits and /)
    expect(stderr).toMatch(/line 7: `lease` must be from 1s to 1h, such as 15s/)
  })

  it("that is not there is named", async () => {
    const { status, stderr } = await run("run", "--config", "/nowhere/testudo.yaml")
    expect(status).toBe(1)
    expect(stderr).toContain("/nowhere/testudo.yaml")
    expect(stderr).toContain("TST-CONFIG-UNREADABLE")
  })
})

describe("rules", () => {
  it("that are broken YAML are named; the others work, and the node keeps the old ones when one is broken while it runs", async () => {
    const { folder, file } = await configured("rules: { hub: ./hub }\n")
    cpSync(hub, join(folder, "hub"), { recursive: true })
    const broken = join(folder, "hub/scenarios/testudo/broken.yaml")
    writeFileSync(broken, "type: leaky\nname: testudo/broken\nfilter: [\n")
    const node = testudo("run", "--config", file)
    await node.says(/broken\.yaml, line \d+: /)
    await node.says(/with \d+ parsers and [1-9]\d* scenarios/)

    const name = "testudo/edited"
    writeFileSync(broken, `type: trigger\nname: ${name}\ndescription: edited\nfilter: "evt.Meta.nope == "\n`)
    await node.says(/broken\.yaml, line 4: /)
    await node.says(/The rules as they were before go on\./)

    writeFileSync(
      broken,
      `type: trigger\nname: ${name}\ndescription: edited\nfilter: "evt.Meta.log_type == 'ssh_failed-auth'"\ngroupby: evt.Meta.source_ip\nlabels: { remediation: true }\n`
    )
    await node.says(/The edited rules judge from here on\./)
    // As `systemctl reload` and `logrotate` send it to daemons.
    node.child.kill("SIGHUP")
    writeFileSync(join(folder, "auth.log"), `${failedLogin("203.0.113.5", 1)}\n`)
    await node.says(/203\.0\.113\.5.*testudo\/edited/)
    expect((await node.stop("SIGINT")).status).toBe(0)
  })

  it("whose data file is missing are named with line and file, and the rest works", async () => {
    const folder = temporaryFolder()
    cpSync(hub, join(folder, "hub"), { recursive: true })
    writeFileSync(
      join(folder, "hub/scenarios/testudo/needs-data.yaml"),
      "type: trigger\nname: testudo/needs-data\ndescription: needs a list\nfilter: \"evt.Meta.x in File('gone.txt')\"\ndata:\n  - source_url: https://example.org/gone.txt\n    dest_file: gone.txt\n    type: string\nlabels: { remediation: true }\n"
    )
    const log = join(folder, "auth.log")
    writeFileSync(log, bruteForce("203.0.113.9"))
    const { status, stdout, stderr } = await run(
      "replay",
      log,
      "--type",
      "syslog",
      "--hub",
      join(folder, "hub"),
      "--json",
      "--now",
      "2026-11-22T12:00:00Z"
    )
    expect(stderr).toMatch(/needs-data\.yaml, line \d+: .*gone\.txt/)
    expect(status).toBe(0)
    expect(JSON.parse(stdout).offenders.map((offender: { value: string }) => offender.value)).toEqual(["203.0.113.9"])
  })
})

describe("logs", () => {
  it("of any content are read: a line of 10 MB, invalid UTF-8, no final newline; attackers are found before and after", async () => {
    const folder = temporaryFolder()
    const log = join(folder, "auth.log")
    writeFileSync(
      log,
      Buffer.concat([
        Buffer.from(bruteForce("203.0.113.1")),
        Buffer.alloc(10_000_000, "x"),
        Buffer.from("\n"),
        Buffer.from([0xff, 0xfe, 0xc3, 0x28, 0x0a]),
        Buffer.from(bruteForce("203.0.113.2").trimEnd())
      ])
    )
    const { status, stdout } = await run("replay", log, "--type", "syslog", "--json", "--now", "2026-11-22T12:00:00Z")
    expect(status).toBe(0)
    const result = JSON.parse(stdout)
    expect(result.lines).toBe(26)
    expect(result.offenders.map((offender: { value: string }) => offender.value)).toEqual([
      "203.0.113.1",
      "203.0.113.2"
    ])
  })

  it("that are binary, directories or not there are named; the others are read", async () => {
    const folder = temporaryFolder()
    const log = join(folder, "auth.log")
    writeFileSync(log, bruteForce("203.0.113.1"))
    const binary = join(folder, "binary.log")
    copyFileSync(process.execPath, binary)
    const { status, stdout, stderr } = await run(
      "replay",
      log,
      binary,
      folder,
      join(folder, "gone.log"),
      "--type",
      "syslog",
      "--json",
      "--now",
      "2026-11-22T12:00:00Z"
    )
    expect(stderr).toMatch(/binary\.log: .*NUL byte/)
    expect(stderr).toContain(`${folder}: This is a directory`)
    expect(stderr).toContain(`${join(folder, "gone.log")}: There is no such file`)
    expect(status).toBe(1)
    expect(JSON.parse(stdout).offenders).toHaveLength(1)
  })

  it("that is a directory on standard input is said, by whoever reads it", () => {
    for (const command of ["replay - --type syslog", "explain - --type syslog"]) {
      const { status, stderr } = spawnSync("sh", ["-c", `"$0" ${command} < /tmp`, join(root, "bin/testudo")], {
        encoding: "utf8"
      })
      expect(stderr).toContain("-: Standard input is a directory, not a log.")
      expect(status).toBe(1)
    }
  })

  it("that begin with a byte order mark are read from their first line on, plain, compressed and live", async () => {
    const { folder, file } = await configured()
    const log = join(folder, "auth.log")
    // Six in a row are the fewest that lead to a ban: it takes the first line.
    const six = Array.from({ length: 6 }, (_, second) => failedLogin("203.0.113.4", second))
    const bytes = Buffer.from(`\ufeff${six.join("\n")}\n`)
    writeFileSync(join(folder, "plain.log"), bytes)
    writeFileSync(join(folder, "packed.gz"), gzipSync(bytes))
    writeFileSync(join(folder, "five.log"), `${six.slice(1).join("\n")}\n`)
    const offenders = async (name: string) => {
      const options = ["--type", "syslog", "--json", "--now", "2026-11-22T12:00:00Z"]
      const { status, stdout, stderr } = await run("replay", join(folder, name), ...options)
      expect([status, stderr]).toEqual([0, ""])
      return JSON.parse(stdout).offenders.length
    }
    expect([await offenders("five.log"), await offenders("plain.log"), await offenders("packed.gz")]).toEqual([0, 1, 1])
    const node = testudo("run", "--config", file)
    await node.says(/with \d+ parsers/)
    writeFileSync(log, bytes)
    await node.says(/ban 203\.0\.113\.4/)
    await node.stop("SIGINT")
  })

  it("that are compressed and followed by something else are read, and that is said in one line", async () => {
    const log = join(temporaryFolder(), "auth.log.gz")
    writeFileSync(log, Buffer.concat([gzipSync(bruteForce("203.0.113.1")), Buffer.from("junk")]))
    const { stdout, stderr } = await run("replay", log, "--type", "syslog", "--json", "--now", "2026-11-22T12:00:00Z")
    expect(JSON.parse(stdout)).toMatchObject({ lines: 12, offenders: [{ value: "203.0.113.1" }] })
    expect(stderr).toMatch(/^\/.*auth\.log\.gz: .*what follows its end is no gzip.* \(TST-ACQ-BROKEN-ARCHIVE\)\n$/)
  })

  it("live: a binary file is named and the node goes on with the others", async () => {
    const { folder, file } = await configured()
    const edited = readFileSync(file, "utf8").replace("[./auth.log]", "[./auth.log, ./binary.log]")
    writeFileSync(file, edited)
    copyFileSync(process.execPath, join(folder, "binary.log"))
    const node = testudo("run", "--config", file)
    await node.says(/binary\.log: .*NUL byte/)
    writeFileSync(join(folder, "auth.log"), bruteForce("203.0.113.7"))
    await node.says(/ban 203\.0\.113\.7/)
    await node.stop("SIGINT")
  })
})

describe("what is taken already", () => {
  it("a port is named, with what to do", async () => {
    const { file, port } = await configured()
    const server = createServer()
    await new Promise<void>((done) => server.listen(port, "127.0.0.1", done))
    const { status, stderr } = await run("run", "--config", file)
    server.close()
    expect(status).toBe(1)
    expect(stderr).toContain(`127.0.0.1:${port} is in use by another program`)
    expect(stderr).toContain("TST-API-PORT-IN-USE")
  })

  it("a store is named with the process that holds it", async () => {
    const { folder, file, port } = await configured()
    const node = testudo("run", "--config", file)
    await answers(port)
    const log = join(folder, "other.log")
    writeFileSync(log, bruteForce("203.0.113.1"))
    const { status, stderr } = await run("replay", log, "--type", "syslog", "--store", join(folder, "store"))
    expect(status).toBe(1)
    expect(stderr).toContain(`process ${node.child.pid}`)
    expect(stderr).toContain("TST-STORE-IN-USE")
    await node.stop()
  })
})

describe("the disk", () => {
  /** A file system of a few megabytes: a real one for root, in a name space of its own for others. */
  const tiny = (script: string, megabytes: number) =>
    start("unshare", [
      "--mount",
      "--map-root-user",
      "sh",
      "-ec",
      `mount -t tmpfs -o size=${megabytes}m tmpfs "$1"; shift; ${script}`,
      "sh",
      ...mountArguments
    ])
  let mountArguments: ReadonlyArray<string> = []

  it("when it is full, is named; the node waits, and goes on when there is room, and nothing is lost", async () => {
    const folder = temporaryFolder()
    const mount = join(folder, "small")
    mkdirSync(mount)
    const port = await freePort()
    const file = join(folder, "testudo.yaml")
    const log = join(folder, "auth.log")
    writeFileSync(
      file,
      `eventStore: "embedded:./small/store"\napi: { listen: "127.0.0.1:${port}" }\nacquisition:\n  - { files: [./auth.log], type: syslog, timezone: UTC }\n`
    )
    mountArguments = [mount]
    // The ballast leaves so little room that the log's next batches do not fit; it is removed on demand.
    const node = tiny(
      `dd if=/dev/zero of="${mount}/ballast" bs=1M count=6 2>/dev/null; (while [ ! -e "${folder}/room" ]; do sleep 0.1; done; rm "${mount}/ballast") & exec "${root}/bin/testudo" run --config "${file}"`,
      9
    )
    await answers(port)
    const noise = (n: number) =>
      `Nov 22 10:00:00 web app[1]: ${Buffer.from(crypto.getRandomValues(new Uint8Array(600))).toString("hex")} ${n}\n`
    writeFileSync(log, Array.from({ length: 8_000 }, (_, n) => noise(n)).join("") + bruteForce("203.0.113.77"))
    await node.says(/full.*TST-STORE-FULL/s, 180_000)
    const alive = await fetch(`http://127.0.0.1:${port}/health`)
    expect(alive.status).toBe(200)
    writeFileSync(join(folder, "room"), "")
    await node.says(/takes events again/, 180_000)
    await node.says(/ban 203\.0\.113\.77/, 180_000)
    await node.stop("SIGINT")
  })
})

describe("the API", () => {
  it("answers a wrong key with 403 and a bad address as the wire says", async () => {
    const { folder, file, port } = await configured()
    const node = testudo("run", "--config", file)
    await answers(port)
    const url = `http://127.0.0.1:${port}`
    const wrong = await fetch(`${url}/v1/decisions`, { headers: { "X-Api-Key": "wrong" } })
    expect([wrong.status, await wrong.text()]).toEqual([403, '{"message":"access forbidden"}'])
    const added = await run("bouncers", "add", "edge", "--json", "--store", join(folder, "store"))
    const { key } = JSON.parse(added.stdout)
    const headers = { "X-Api-Key": key }
    const none = await fetch(`${url}/v1/decisions?ip=192.0.2.1`, { headers })
    expect([none.status, await none.text()]).toEqual([200, "null"])
    const bad = await fetch(`${url}/v1/decisions?ip=zzz`, { headers })
    expect(bad.status).toBe(500)
    expect(await bad.text()).toContain("zzz")
    const at = await fetch(`${url}/projections/active-bans?at=yesterday`)
    expect(at.status).toBe(400)
    expect(await at.text()).toContain("yesterday")
    await node.stop()
  })
})

describe("the command line", () => {
  it("names a range where an address is expected, and a duration that is none", async () => {
    const { folder, file, port } = await configured()
    const node = testudo("run", "--config", file)
    await answers(port)
    const store = ["--store", join(folder, "store")]
    const range = await run("decisions", "add", "203.0.113.0/64", ...store)
    expect(range.status).toBe(1)
    expect(range.stderr).toContain("203.0.113.0/64")
    const duration = await run("decisions", "add", "203.0.113.1", "-d", "soon", ...store)
    expect(duration.status).toBe(1)
    expect(duration.stderr).toContain('"soon"')
    await node.stop()
  })

  it("says what is wrong with a read-only store", async () => {
    const folder = temporaryFolder()
    const log = join(folder, "auth.log")
    writeFileSync(log, bruteForce("203.0.113.1"))
    const readOnly = join(folder, "file")
    writeFileSync(readOnly, "not a folder")
    chmodSync(readOnly, 0o400)
    const { status, stderr } = await run("replay", log, "--type", "syslog", "--store", join(readOnly, "store"))
    expect(status).toBe(1)
    expect(stderr).toMatch(/TST-STORE-/)
    expect(stderr).not.toMatch(/\bat .*\.ts:\d+/)
  })
})

describe("a call that is not understood", () => {
  it.each([
    [[], "needs a subcommand"],
    [["reply"], "reply"],
    [["replay", "--type", "syslog"], "file"],
    [["replay", "x.log"], "--type"],
    [["replay", "x.log", "--type", "syslog", "--colection", "x"], "--colection"],
    [["decisions"], "needs a subcommand"]
  ])("%j: the reason and the help stand on standard error, the exit status is 2", async (options, reason) => {
    const { status, stdout, stderr } = await run(...options)
    expect([status, stdout]).toEqual([2, ""])
    expect(stderr).toContain("USAGE")
    const last = stderr.trimEnd().split("\n").at(-1)!
    expect(last).toMatch(/^testudo: .*\(TST-CLI-USAGE\)$/)
    expect(last).toContain(reason)
  })

  it("in a folder that was deleted is told so in one line", () => {
    const command = `cd "$(mktemp -d)" && rmdir "$PWD" && exec ${join(root, "bin/testudo")} decisions list`
    const { status, stderr } = spawnSync("sh", ["-c", command], { encoding: "utf8" })
    expect(status).toBe(1)
    // The shell may have something to say of it as well.
    expect(stderr).toMatch(/^testudo: The current folder is not there any more.* \(TST-CLI-FOLDER\)$/m)
    expect(stderr).not.toMatch(/^ +at /m)
  })

  it("with a negative value does not ask for help", async () => {
    const { status, stdout, stderr } = await run("decisions", "add", "192.0.2.1", "-d", "-4h")
    expect([status, stdout]).toEqual([1, ""])
    expect(stderr).toMatch(/^testudo: -4h is no option.* \(TST-CLI-NEGATIVE\)\n$/)
  })

  it("is not one for help: that stands on standard output", async () => {
    const { status, stdout, stderr } = await run("replay", "--help")
    expect([status, stderr]).toEqual([0, ""])
    expect(stdout).toContain("USAGE")
  })
})
