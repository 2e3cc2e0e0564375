import { describe, expect, it } from "vitest"
import type { TestudoEvent } from "../../domain/events/catalogue.ts"
import { isNodeName, logStream, nodeOf, sourceOf } from "../../domain/events/stream-name.ts"
import { concerns, followed, type Part, rulesetStreamOf, snapshotOf, timeStreamOf, whole } from "./part.ts"

const agent = (node: string): Part => ({ role: "agent", node, shared: true })
const api: Part = { role: "api", node: "hall", shared: true }
const all = (node?: string): Part => ({ role: "all", node, shared: true })

const event = (type: string, stream: string, data: object = {}): TestudoEvent =>
  ({ id: "", type, stream, revision: 0, position: 0, recordedAt: 0, metadata: { version: 1 }, data }) as TestudoEvent

const batch = (source: string): TestudoEvent => event("LogBatchAppended", logStream(source), { source })

/** Whether a store gives the event to whoever subscribes with the part's filter. */
const isGiven = (part: Part, { type, stream }: TestudoEvent): boolean => {
  const { types, streamPrefixes } = followed(part)
  return types!.includes(type) && (streamPrefixes?.some((prefix) => stream.startsWith(prefix)) ?? true)
}

const parts: ReadonlyArray<Part> = [whole, agent("web1"), agent("web10"), api, all(), all("web1")]
const follows = (given: TestudoEvent): ReadonlyArray<string> =>
  parts
    .filter((part) => isGiven(part, given) && concerns(part, given))
    .map(({ role, node }) => [role, node ?? ""].join(" "))

describe("the parts of the detection", () => {
  it("share out the logs: each is followed by its own node", () => {
    expect(follows(batch("/var/log/auth.log"))).toEqual(["all ", "all "])
    expect(follows(batch("@web1:/var/log/auth.log"))).toEqual(["agent web1", "all web1"])
    expect(follows(batch("@web10:/var/log/auth.log"))).toEqual(["agent web10"])
    expect(follows(batch(`@web1:/var/log/${"long/".repeat(40)}auth.log`))).toEqual(["agent web1", "all web1"])
  })

  it("leave overflows that are to be poured again to the api node, and all others to nobody", () => {
    const left = { reprocess: { identity: "", sources: [] } }
    expect(follows(event("OverflowRaised", "offender-Ip:192.0.2.1", left))).toEqual(["api hall", "all ", "all web1"])
    expect(follows(event("OverflowRaised", "offender-Ip:192.0.2.1"))).toEqual([])
  })

  it("go by rules and time of their own, and by everybody's allowlists, names and decisions", () => {
    for (const part of parts) {
      for (const other of parts) {
        const isOwn = rulesetStreamOf(part) === rulesetStreamOf(other)
        const rules = event("RulesetActivated", rulesetStreamOf(other))
        const time = event("TimePassed", timeStreamOf(other))
        expect([isGiven(part, rules) && concerns(part, rules), isGiven(part, time) && concerns(part, time)]).toEqual([
          isOwn,
          isOwn
        ])
      }
      for (const everybodys of [
        event("AllowlistReplaced", "allowlist-machine@web7"),
        event("NameResolved", "names"),
        event("DecisionMade", "offender-Ip:192.0.2.1"),
        event("DecisionRetracted", "offender-Ip:192.0.2.1")
      ])
        expect(isGiven(part, everybodys) && concerns(part, everybodys)).toBe(true)
    }
    expect([rulesetStreamOf(agent("web1")), rulesetStreamOf(api), rulesetStreamOf(whole)]).toEqual([
      "ruleset-web1",
      "ruleset",
      "ruleset"
    ])
  })

  it("keep snapshots apart", () => {
    expect(parts.map(snapshotOf)).toEqual([
      "engine",
      "engine-agent-web1",
      "engine-agent-web10",
      "engine-api",
      "engine",
      "engine-web1"
    ])
  })
})

describe("the name of a node", () => {
  it("goes with its sources and comes back from them", () => {
    expect(sourceOf(undefined, "/var/log/auth.log")).toBe("/var/log/auth.log")
    expect(nodeOf(sourceOf("web1", "/var/log/auth.log"))).toBe("web1")
    for (const source of ["/var/log/auth.log", "stdin", "journald:ssh@web1:x", "/@web1:/x", ""]) {
      expect(nodeOf(source)).toBeUndefined()
      expect(nodeOf(sourceOf("web1.example.org", source))).toBe("web1.example.org")
    }
    expect(logStream("@web1:/var/log/auth.log")).toBe("log-@web1:/var/log/auth.log")
    expect(logStream(`@web1:/${"x".repeat(200)}`)).toMatch(/^log-@web1:sha256\.[0-9a-f]{64}$/)
  })

  it("cannot break out of a stream's name", () => {
    expect(["web1", "a", "web-1.example.org", "A_b"].map(isNodeName)).toEqual([true, true, true, true])
    expect(["", "-a", ".", "web:1", "web@1", "a b", "x".repeat(64), "ü", "a/b"].some(isNodeName)).toBe(false)
  })
})
