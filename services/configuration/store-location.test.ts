import { inspect } from "node:util"
import { describe, expect, it } from "vitest"
import type { EventStoreDbLocation } from "./configuration.ts"
import { connectionString, parseStoreLocation, resolved } from "./store-location.ts"

const problemOf = (text: string): string => {
  const location = parseStoreLocation(text)
  if (!("problem" in location)) throw new Error(`${text} is taken`)
  return location.problem
}

const server = (text: string): EventStoreDbLocation => {
  const location = parseStoreLocation(text)
  if ("problem" in location) throw new Error(location.problem)
  if (location.kind !== "eventstoredb") throw new Error(`${text} is no server`)
  return location
}

describe("the location of a store", () => {
  it("is a directory, with its kind or without", () => {
    for (const text of ["./data", "/var/lib/testudo", "data/a b", "C", "a+b"])
      for (const written of [text, `embedded:${text}`])
        expect(parseStoreLocation(written)).toEqual({ kind: "embedded", directory: text })
    const location = parseStoreLocation("embedded:./data")
    expect("problem" in location ? undefined : resolved(location, "/srv")).toEqual({
      kind: "embedded",
      directory: "/srv/data"
    })
  })

  it("is a server, by any of its names", () => {
    for (const scheme of ["esdb", "kurrentdb", "kurrent", "kdb", "ESDB"]) {
      const location = server(`${scheme}://db.example.org`)
      expect(location.shown).toBe(`${scheme.toLowerCase()}://db.example.org:2113`)
      // The client complains about the older names.
      expect(connectionString(location)).toBe("kurrentdb://db.example.org:2113?connectionName=testudo")
    }
  })

  it("is a cluster, by several nodes or by one name", () => {
    const nodes = server("esdb://node1:2113,node2:2114,10.0.0.3/?tls=true")
    expect(nodes.hosts).toEqual(["node1:2113", "node2:2114", "10.0.0.3:2113"])
    expect(connectionString(nodes)).toBe(
      "kurrentdb://node1:2113,node2:2114,10.0.0.3:2113?connectionName=testudo&tls=true"
    )
    const name = server("kurrentdb+discover://cluster.example.org:2113?gossipTimeout=5")
    expect(connectionString(name)).toMatch(/^kurrentdb\+discover:\/\/cluster\.example\.org:2113\?/)
  })

  it("knows the options of the client in any case, and resolves its files", () => {
    const location = server("esdb://db?TLSCAFILE=./ca%20cert.pem&max-discover-attempts=3&node_preference=Leader")
    const options = (resolved(location, "/etc/testudo") as EventStoreDbLocation).options
    expect(options).toEqual({
      tlsCAFile: "/etc/testudo/ca cert.pem",
      maxDiscoverAttempts: "3",
      nodePreference: "Leader"
    })
    expect(connectionString({ ...location, options })).toContain("tlsCAFile=/etc/testudo/ca%20cert.pem")
  })

  it("never shows the password, and never sends it without TLS", () => {
    const password = "p@ss:w0rd%/?"
    const location = server(`esdb://admin:${encodeURIComponent(password)}@db:2113?tls=true`)
    expect(connectionString(location)).toContain(`admin:${encodeURIComponent(password)}@db:2113`)
    for (const text of [JSON.stringify(location), inspect(location, { depth: 9 }), String(location), location.shown]) {
      expect(text).not.toContain("p@ss")
      expect(text).not.toContain("p%40ss")
    }
    const open = server("esdb://admin:secret@db:2113?tls=false")
    expect(connectionString(open)).toBe("kurrentdb://db:2113?connectionName=testudo&tls=false")
    // What may stand as it is, because it cannot be misread.
    expect(connectionString(server("esdb://admin:se:cr@t@db"))).toContain("admin:se%3Acr%40t@db")
  })

  const wrong: ReadonlyArray<readonly [string, RegExp]> = [
    ["", /no path.*embedded:PATH/],
    ["embedded:", /no path/],
    ["redis://localhost", /`redis:` is not a kind of event store; write embedded:PATH .* or esdb:\/\/HOST:PORT/],
    ["embedded+discover:x", /is not a kind/],
    ["esdb:localhost", /followed by \/\/HOST:PORT/],
    ["esdb://", /a host is missing/],
    ["esdb://a,,b", /a host is missing/],
    ["esdb://db:99999", /a host is a name or an IPv4 address/],
    ["esdb://db:0", /a host is a name/],
    ["esdb://[::1]:2113", /a host is a name or an IPv4 address/],
    ["esdb://a b", /a host is a name/],
    ["esdb+discover://a,b", /\+discover takes one name/],
    ["esdb://admin@db", /USER:PASSWORD@/],
    ["esdb://:x@db", /USER:PASSWORD@/],
    ["esdb://a:%zz@db", /%25/],
    ["esdb://db?tsl=false", /"tsl" is not an option of a server; there are tls, /],
    ["esdb://db?tls=no", /tls takes true or false/],
    ["esdb://db?tls", /tls takes true or false/],
    ["esdb://db?tls=true&TLS=true", /tls is there twice/],
    ["esdb://db?nodePreference=follower", /reads what it has written/],
    ["esdb://db?throwOnAppendFailure=false", /throwOnAppendFailure takes true/],
    ["esdb://db?keepAliveInterval=5", /10000 or more/],
    ["esdb://db?userCertFile=a.pem", /go together/],
    ["esdb://db?tlsCAFile=%", /%25/]
  ]
  for (const [text, problem] of wrong) {
    it(`${JSON.stringify(text)} is refused`, () => {
      expect(problemOf(text)).toMatch(problem)
    })
  }

  it("is refused without the password in the message", () => {
    for (const text of [
      "esdb://admin:geheim@db?tsl=1",
      "esdb://admin:geheim@",
      "esdb://admin:geheim@d b",
      "esdb://x:geheim%@db"
    ])
      expect(problemOf(text)).not.toContain("geheim")
  })
})
