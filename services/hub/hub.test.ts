import { createHash } from "node:crypto"
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join, resolve } from "node:path"
import * as Effect from "effect/Effect"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { formatProblem } from "../../domain/document/problem.ts"
import { readRules } from "../../domain/rules/rule-file.ts"
import { loadHub } from "./hub.ts"
import type { HubOptions } from "./hub.ts"

const load = (options: HubOptions) => Effect.runPromise(loadHub(options))
const shared = resolve(import.meta.dirname, "../../../shared")

describe("the public hub", () => {
  const hub = join(shared, "hub")
  const data = join(shared, "hub-data")

  it("loads whole, without an error", { timeout: 600_000 }, async () => {
    const { files, problems } = await load({ hub, data })
    const count = (kind: string) => files.filter((file) => file.kind === kind).length
    expect([count("parsers"), count("postoverflows"), count("scenarios")]).toEqual([164, 12, 783])
    const read = files.map(readRules)
    expect(read.flatMap((each) => each.problems).map(formatProblem)).toEqual([])
    const rules = read.flatMap((each) => each.rules)
    expect(rules.filter((rule) => rule.kind === "scenarios")).toHaveLength(846)
    expect(rules.filter((rule) => rule.kind === "parsers" || rule.kind === "postoverflows")).toHaveLength(182)
    // The one list that nobody mirrors.
    expect(problems).toMatchObject([{ code: "TST-HUB-DATA-MISSING", severity: "warning", line: 8, key: "data" }])
    expect(problems[0]!.message).toContain("arvancloud_ips.txt")
    expect(files.filter((file) => file.kind !== "data" && file.version === "?")).toEqual([])
    expect(files.find((file) => file.path === "GeoLite2-City.mmdb")?.file).toContain("mmdb_update")
  })

  it("loads a collection with all it names, and with what makes it work", async () => {
    const { files, problems } = await load({ hub, data, collections: ["crowdsecurity/nginx"] })
    expect(problems).toEqual([])
    expect(files.filter((file) => file.kind === "parsers").map((file) => `${file.path} ${file.version}`)).toEqual([
      "parsers/s00-raw/crowdsecurity/syslog-logs.yaml 1.0",
      "parsers/s01-parse/crowdsecurity/nginx-logs.yaml 2.0",
      "parsers/s02-enrich/crowdsecurity/dateparse-enrich.yaml 0.2",
      "parsers/s02-enrich/crowdsecurity/http-logs.yaml 1.3"
    ])
    const paths = files.map((file) => file.path)
    expect(paths).toContain("scenarios/crowdsecurity/http-probing.yaml")
    expect(paths).toContain("http_path_traversal.txt")
    expect(paths).not.toContain("scenarios/crowdsecurity/ssh-bf.yaml")
  })
})

describe("a hub folder", () => {
  let root: string
  let hub: string
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "hub-"))
    hub = join(root, "hub")
    mkdirSync(hub)
  })
  afterEach(() => rmSync(root, { recursive: true, force: true }))

  const write = (path: string, content: string | Uint8Array): string => {
    const file = join(root, path)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, content)
    return file
  }
  const scenario = (name: string, rest = "") => `type: trigger\nname: ${name}\ndescription: d\nfilter: "true"\n${rest}`
  const parser = (name: string) => `name: ${name}\nstatics: [{meta: a, value: b}]\n`
  const paths = async (options: Partial<HubOptions> = {}) => {
    const { files, problems } = await load({ hub, ...options })
    return { paths: files.map((file) => file.path), problems: problems.map(formatProblem), files }
  }

  it("that is missing is a typed error that says what to do", async () => {
    const error = await Effect.runPromise(Effect.flip(loadHub({ hub: join(root, "nowhere") })))
    expect(error).toMatchObject({ _tag: "HubUnreadable", code: "TST-HUB-UNREADABLE", folder: join(root, "nowhere") })
    expect(error.message).toMatch(/it does not exist\. Name one with parsers\//)
  })

  it("that is empty is told", async () => {
    expect(await paths()).toMatchObject({ paths: [], problems: [expect.stringContaining("(TST-HUB-EMPTY)")] })
  })

  it("is searched for YAML, not for what is hidden", async () => {
    write("hub/parsers/s01-parse/me/b.yaml", parser("me/b"))
    write("hub/parsers/s00-raw/me/z.yml", parser("me/z"))
    write("hub/parsers/s01-parse/me/README.md", "# no")
    write("hub/parsers/s01-parse/me/.hidden.yaml", "no")
    write("hub/.tests/parsers/s01-parse/x.yaml", "no")
    write("hub/scenarios/.git/x.yaml", "no")
    write("hub/appsec-rules/me/x.yaml", "no")
    expect(await paths()).toMatchObject({
      paths: ["parsers/s00-raw/me/z.yml", "parsers/s01-parse/me/b.yaml"],
      problems: []
    })
  })

  it("may have patterns and contexts of its own", async () => {
    write("hub/patterns/shop", "SHOP x\n")
    write("hub/patterns/README.md", "no")
    symlinkSync(write("secret", "x"), join(hub, "patterns/stolen"))
    write("hub/contexts/me/c.yaml", "context:\n  who: [evt.Meta.target_user]\n")
    const found = await paths()
    expect(found.paths).toEqual(["shop", "contexts/me/c.yaml"])
    expect(found.problems).toEqual([expect.stringMatching(/stolen: is a link that leads out/)])
  })

  it("may hold links, but none that leads out, nowhere or round", async () => {
    const secret = write("secret.yaml", scenario("me/secret"))
    write("hub/scenarios/me/a.yaml", scenario("me/a"))
    symlinkSync("a.yaml", join(hub, "scenarios/me/b.yaml"))
    symlinkSync(secret, join(hub, "scenarios/me/c.yaml"))
    symlinkSync("gone.yaml", join(hub, "scenarios/me/d.yaml"))
    symlinkSync("..", join(hub, "scenarios/me/round"))
    symlinkSync("/etc", join(hub, "scenarios/me/etc"))
    const { paths: found, problems } = await paths()
    expect(found).toEqual(["scenarios/me/a.yaml", "scenarios/me/b.yaml"])
    expect(problems).toEqual([
      expect.stringMatching(/c\.yaml: is a link that leads out of .*\(TST-HUB-LINK\)$/),
      expect.stringMatching(/d\.yaml: cannot be read: it does not exist; it is skipped \(TST-HUB-FILE\)$/),
      expect.stringMatching(/etc: is a link that leads out of .*\(TST-HUB-LINK\)$/)
    ])
  })

  it("gives a file that is too large to its reader, who says so, and none that is huge", async () => {
    write("hub/scenarios/me/a.yaml", new Uint8Array(4 * 1024 * 1024 + 1))
    write("hub/scenarios/me/b.yaml", new Uint8Array(6 * 1024 * 1024))
    const { files, problems } = await paths()
    expect(files.flatMap((file) => readRules(file).problems)).toMatchObject([{ code: "TST-RULE-TOO-LARGE" }])
    expect(problems).toEqual([
      expect.stringMatching(/b\.yaml: cannot be read: it has 6291456 bytes.*\(TST-HUB-FILE\)$/)
    ])
  })

  describe("with collections", () => {
    beforeEach(() => {
      write("hub/parsers/s00-raw/crowdsecurity/syslog-logs.yaml", parser("crowdsecurity/syslog-logs"))
      write("hub/parsers/s02-enrich/crowdsecurity/dateparse-enrich.yaml", parser("crowdsecurity/dateparse-enrich"))
      write("hub/parsers/s02-enrich/crowdsecurity/geoip-enrich.yaml", parser("crowdsecurity/geoip-enrich"))
      write("hub/parsers/s01-parse/me/p.yaml", parser("me/p"))
      write("hub/postoverflows/s01-whitelist/me/o.yaml", parser("me/o"))
      write("hub/scenarios/me/s.yaml", scenario("me/s"))
      write("hub/scenarios/me/file-name.yaml", scenario("me/own-name"))
      write("hub/scenarios/me/other.yaml", scenario("me/other"))
    })

    it("gives what they name, however it is named, and the base parsers", async () => {
      write("hub/collections/me/all.yaml", "name: me/all\nparsers: [me/p]\ncollections: [me/more]\n")
      write("hub/collections/me/more.yaml", "postoverflows: [me/o]\nscenarios:\n  - me/s\n  - me/own-name\n")
      expect(await paths({ collections: ["me/all", "me/more"] })).toMatchObject({
        problems: [],
        paths: [
          "parsers/s00-raw/crowdsecurity/syslog-logs.yaml",
          "parsers/s01-parse/me/p.yaml",
          "parsers/s02-enrich/crowdsecurity/dateparse-enrich.yaml",
          "postoverflows/s01-whitelist/me/o.yaml",
          "scenarios/me/file-name.yaml",
          "scenarios/me/s.yaml"
        ]
      })
    })

    it("finds them where there are no folders of authors, as where CrowdSec installs them", async () => {
      write("hub/scenarios/flat.yaml", scenario("me/flat-s"))
      write("hub/contexts/http_base.yaml", "context: {path: [evt.Meta.http_path]}\n")
      const named = "scenarios: [me/flat-s]\ncontexts: [you/http_base]\n"
      write("hub/collections/flat.yaml", `name: me/flat\n${named}`)
      const { paths: found, problems } = await paths({ collections: ["me/flat"] })
      expect(problems).toEqual([])
      expect(found).toContain("scenarios/flat.yaml")
      expect(found).toContain("contexts/http_base.yaml")
    })

    it("names what is unknown, and where", async () => {
      const all = write("hub/collections/me/all.yaml", "name: me/all\nscenarios:\n  - me/s\n  - me/othr\n")
      const { paths: found, problems } = await paths({ collections: ["me/al", "me/all"] })
      expect(found).toContain("scenarios/me/s.yaml")
      expect(problems).toEqual([
        `${join(hub, "collections")}: the hub has no collection \`me/al\`; did you mean \`me/all\`? (TST-HUB-UNKNOWN-ITEM)`,
        `${all}, line 4: the collection names the scenario \`me/othr\`, which this hub does not have; did you mean \`me/other\`? (TST-HUB-UNKNOWN-ITEM)`
      ])
    })

    it("names a circle, once, and loads the rest", async () => {
      write("hub/collections/me/a.yaml", "name: me/a\ncollections: [me/b]\nscenarios: [me/s]\n")
      const b = write("hub/collections/me/b.yaml", "name: me/b\ncollections:\n  - me/a\n")
      const { paths: found, problems } = await paths({ collections: ["me/a"] })
      expect(found).toContain("scenarios/me/s.yaml")
      expect(problems).toEqual([
        `${b}, line 3: the collections go round in a circle: me/a → me/b → me/a (TST-HUB-CIRCLE)`
      ])
    })
  })

  describe("with an index", () => {
    const digest = (text: string) => createHash("sha256").update(text).digest("hex")

    it("takes names and versions from it", async () => {
      const text = scenario("me/a")
      write("hub/scenarios/me/file.yaml", text)
      write("hub/scenarios/me/tainted.yaml", scenario("me/t"))
      write("hub/collections/me/all.yaml", "scenarios: [me/indexed, me/tainted]\n")
      const versions = { "0.9": { digest: digest(text) }, "0.10": { digest: digest(text) }, "0.11": { digest: "x" } }
      const index = {
        scenarios: {
          "me/indexed": { path: "scenarios/me/file.yaml", version: "0.11", versions },
          "me/escaped": { path: "../../etc/passwd" },
          "me/odd": 7
        },
        __proto__: null
      }
      write("hub/.index.json", JSON.stringify(index))
      const { files, problems } = await paths({ collections: ["me/all"] })
      expect(problems).toEqual([])
      expect(files.map((file) => [file.path, file.version])).toEqual([
        ["scenarios/me/file.yaml", "0.10"],
        ["scenarios/me/tainted.yaml", "?"]
      ])
    })

    it.each(["{", "[1]", "null", `${"[".repeat(100_000)}`, '{"scenarios":{"a":{"versions":7}},"__proto__":{"a":1}}'])(
      "that is odd does no harm: %.20s",
      async (text) => {
        write("hub/.index.json", text)
        write("hub/scenarios/me/a.yaml", scenario("me/a"))
        const { paths: found, problems } = await paths()
        expect(found).toEqual(["scenarios/me/a.yaml"])
        for (const problem of problems) expect(problem).toMatch(/\.index\.json: cannot be used .*\(TST-HUB-INDEX\)$/)
      }
    )
  })

  describe("with data files", () => {
    const data = (url: string, destination: string) =>
      `data:\n  - source_url: ${url}\n    dest_file: ${destination}\n    type: string\n`
    const content = async (name: string, options: Partial<HubOptions> = {}) => {
      const { files } = await paths({ data: join(root, "data"), ...options })
      const found = files.find((file) => file.kind === "data" && file.path === name)
      return found && new TextDecoder().decode(found.content)
    }

    it("finds them by the path of their URL, then by their name, then among the hub's own", async () => {
      write("hub/scenarios/me/a.yaml", scenario("me/a", data("https://hub-data.crowdsec.net/web/x.txt", "http_x.txt")))
      expect(await content("http_x.txt")).toBeUndefined()
      write("hub/data/http_x.txt", "hub")
      expect(await content("http_x.txt")).toBe("hub")
      write("data/http_x.txt", "name")
      expect(await content("http_x.txt")).toBe("name")
      write("data/web/x.txt", "path")
      expect(await content("http_x.txt")).toBe("path")
    })

    it("finds those of a repository by their path in it", async () => {
      const url = "https://raw.githubusercontent.com/crowdsecurity/sec-lists/master/web/x.txt"
      write("hub/scenarios/me/a.yaml", scenario("me/a", data(url, "y.txt")))
      write("data/web/x.txt", "path")
      expect(await content("y.txt")).toBe("path")
    })

    it("gives one by the name that the rule writes, however it is spelt: so expressions ask for it", async () => {
      write("data/lists/y.txt", "spelt")
      for (const [file, name] of ["./lists/y.txt", "lists//y.txt", "lists/y.txt"].entries())
        write(`hub/scenarios/me/${file}.yaml`, scenario(`me/${file}`, data("https://h.example/x", name)))
      for (const name of ["./lists/y.txt", "lists//y.txt", "lists/y.txt"]) expect(await content(name)).toBe("spelt")
    })

    it("finds those of nested nodes", async () => {
      write(
        "hub/parsers/s01-parse/me/a.yaml",
        `name: me/a\nnodes:\n  - statics: [{meta: a, value: b}]\n    data: [{dest_file: n.txt}]\n`
      )
      write("data/n.txt", "nested")
      expect(await content("n.txt")).toBe("nested")
    })

    it("warns of a missing one, with the rule's line and every place, and keeps the rule", async () => {
      const rule = write("hub/scenarios/me/a.yaml", scenario("me/a", data("https://h.example/web/x.txt", "y.txt")))
      const { paths: found, problems } = await paths({ data: join(root, "data") })
      const places = [join(root, "data/web/x.txt"), join(root, "data/y.txt"), join(hub, "data/y.txt")].join(", ")
      expect(found).toEqual(["scenarios/me/a.yaml"])
      expect(problems).toEqual([
        `${rule}, line 6: needs the data file \`y.txt\`, which is in none of the places where it is looked for: ${places} (TST-HUB-DATA-MISSING)`
      ])
    })

    it("leaves out a list that is too large, without reading it, and says so once", async () => {
      const list = write("data/y.txt", "")
      truncateSync(list, 500 * 1024 * 1024)
      for (const name of ["a", "b"])
        write(`hub/scenarios/me/${name}.yaml`, scenario(`me/${name}`, data("https://h.example/x", "y.txt")))
      const before = process.memoryUsage().arrayBuffers
      expect(await paths({ data: join(root, "data") })).toMatchObject({
        paths: ["scenarios/me/a.yaml", "scenarios/me/b.yaml"],
        problems: [expect.stringMatching(/data\/y\.txt: has 524288000 bytes, .* 67108864 .*\(TST-DATA-TOO-LARGE\)$/)]
      })
      expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(50_000_000)
    })

    it.each(["../secret.txt", "/etc/hostname", "a/../../secret.txt", "..", "."])("refuses %s", async (destination) => {
      write("secret.txt", "secret")
      write("hub/scenarios/me/a.yaml", scenario("me/a", data("https://h.example/x", destination)))
      const { paths: found, problems } = await paths({ data: join(root, "data") })
      expect(found).toEqual(["scenarios/me/a.yaml"])
      expect(problems).toEqual([expect.stringMatching(/a\.yaml, line 6: .*\(TST-HUB-DATA-PATH\)$/)])
    })

    it("never follows a URL or a hub's link out of the folders", async () => {
      write("secret.txt", "secret")
      for (const url of [
        "https://h.example/../secret.txt",
        "file:///etc/hostname",
        "https://h.example/%2e%2e/secret.txt",
        "no url"
      ]) {
        write("hub/scenarios/me/a.yaml", scenario("me/a", data(url, "z.txt")))
        expect(await content("z.txt")).toBeUndefined()
      }
      mkdirSync(join(hub, "data"))
      symlinkSync("../../secret.txt", join(hub, "data/z.txt"))
      expect(await content("z.txt")).toBeUndefined()
    })
  })

  it("takes pattern files in the order of their names, and profiles with the local ones first", async () => {
    write("hub/scenarios/me/a.yaml", scenario("me/a"))
    write("patterns/ssh", "A a\n")
    write("patterns/aws", "B b\n")
    write("patterns/README.md", "no")
    write("patterns/sub/x", "no")
    const profiles = write("profiles.yaml", "name: one\n")
    write("profiles.yaml.local", "name: two\n")
    const options = { patterns: [join(root, "patterns"), join(root, "nowhere")], profiles }
    const { paths: found, problems, files } = await paths(options)
    expect(found).toEqual(["aws", "ssh", "scenarios/me/a.yaml", "profiles.yaml.local", "profiles.yaml"])
    expect(files.at(-1)?.kind).toBe("profiles")
    expect(problems).toEqual([expect.stringMatching(/nowhere: cannot be read: it does not exist \(TST-HUB-FILE\)$/)])
  })
})
