/** Erasure in a log that an earlier version wrote, and of values that are no addresses. */
import { randomUUID } from "node:crypto"
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { zstdDecompressSync } from "node:zlib"
import * as Effect from "effect/Effect"
import { expect, it } from "vitest"
import type { TestudoEvent } from "../../domain/events/catalogue.ts"
import { offenderStream } from "../../domain/events/stream-name.ts"
import { activeBans } from "../../projections/active-bans.ts"
import { decisionMade, overflowRaised } from "../../projections/example.fixture.ts"
import { fold } from "../../projections/projection.ts"
import { reputation } from "../../projections/reputation.ts"
import { decodeLines } from "../acquisition/body.ts"
import type { Store } from "../event-store/contract/sample.ts"
import { newDirectory, using as opened } from "../event-store/embedded.fixture.ts"
import { verifyEmbedded } from "../event-store/verify-embedded.ts"
import { eraseOffender } from "./erase-embedded.ts"

const using = <A, E>(directory: string, use: (store: Store) => Effect.Effect<A, E>) =>
  Effect.runPromise(opened(directory, use))

const eventsIn = (directory: string): Promise<ReadonlyArray<TestudoEvent>> =>
  using(directory, (store) => store.readAll({ limit: 10_000 }))

const erase = (directory: string, value: string) => Effect.runPromise(eraseOffender(directory, value, "anna"))
const findings = async (directory: string) => (await Effect.runPromise(verifyEmbedded(directory))).findings

it("erases an address from a log of version 1: its lines, its dossier, what the reverse DNS said", async () => {
  const directory = newDirectory()
  mkdirSync(directory)
  const packed = readFileSync(join(import.meta.dirname, "../../fixtures/event-log/layout-1.sqlite.zst"))
  writeFileSync(join(directory, "events.sqlite"), zstdDecompressSync(packed))
  mkdirSync(join(directory, "snapshots"))
  const before = await eventsIn(directory)
  // Seven lines; two overflows, two decisions and a retraction in the dossier, and an answer of the reverse DNS.
  expect(await erase(directory, "203.0.113.9")).toEqual({ lines: 7, batches: 1, events: 7 })
  expect(await findings(directory)).toEqual([])
  expect(existsSync(join(directory, "snapshots"))).toBe(false)
  const after = await eventsIn(directory)
  expect(after.slice(0, before.length).map(({ id, revision }) => [id, revision])).toEqual(
    before.map(({ id, revision }) => [id, revision])
  )
  const batch = after.find((event) => event.type === "LogBatchAppended")!
  const lines = decodeLines(batch.data as never)
  expect(lines.slice(0, 7).every((line) => /^\*+$/.test(line))).toBe(true)
  expect(lines[7]).toContain("Accepted publickey for anna from 198.51.100.7")
  expect(JSON.stringify(after.map(({ stream, data }) => [stream, data]))).not.toContain("203.0.113.9")
  const erased = after.filter(({ stream }) => /^offender-Ip:erased-/.test(stream))
  expect(erased).toHaveLength(5)
  // The projections fold it, and know nobody of that name.
  const state = activeBans.encode(fold(activeBans, activeBans.initial(), after))
  const known = reputation.encode(fold(reputation, reputation.initial(), after))
  expect(JSON.stringify([state, known])).not.toContain("203.0.113.9")
  expect(await erase(directory, "203.0.113.9")).toEqual({ lines: 0, batches: 0, events: 0 })
  expect(await erase(directory, "198.51.100.7")).toMatchObject({ lines: 1 })
  expect(await findings(directory)).toEqual([])
})

it("erases what the lines of another's overflow have alike, and with it what each of them shows", async () => {
  const directory = newDirectory()
  const entries = [0, 1].map((line) => ({
    event: randomUUID(),
    line,
    at: "1971-01-01T00:00:00Z",
    text: "refused",
    meta: { port: String(line) }
  }))
  const evidence = { meta: { proxy: "198.51.100.7", service: "ssh" }, entries }
  const { stream, id, type, data, metadata } = overflowRaised({ evidence }, { position: 1 })
  await using(directory, (store) => store.append(stream, [{ id, type, data, metadata }], "any"))
  expect(await erase(directory, "198.51.100.7")).toMatchObject({ events: 1 })
  expect(await findings(directory)).toEqual([])
  const [erased] = await eventsIn(directory)
  expect((erased!.data as typeof data).evidence).toEqual({
    meta: {},
    entries: entries.map((entry) => ({ ...entry, text: "", meta: {} }))
  })
})

it("erases any other value, and of an overflow of somebody else only the lines that speak of it", async () => {
  const directory = newDirectory()
  const until = "1971-01-01T00:00:00Z"
  const decision = decisionMade({ number: 1, value: "grün", scope: "User", until }, { position: 1 })
  const entries = ["alice", "grün", "grüner"].map((name, line) => ({
    event: randomUUID(),
    line,
    at: until,
    text: `login of ${name} failed`,
    meta: { user: name }
  }))
  const other = overflowRaised({ evidence: { meta: {}, entries } }, { position: 2 })
  await using(directory, (store) =>
    Effect.forEach(
      [[offenderStream("User", "grün"), decision] as const, [other.stream, other] as const],
      ([stream, event]) => {
        const { id, type, data, metadata } = event
        return store.append(stream, [{ id, type, data, metadata }], "any")
      }
    )
  )
  expect(await erase(directory, "grün")).toEqual({ lines: 0, batches: 0, events: 2 })
  expect(await findings(directory)).toEqual([])
  const [first, second] = await eventsIn(directory)
  expect(first!.stream).toMatch(/^offender-User:erased-/)
  expect(first!.data).toMatchObject({ value: expect.stringMatching(/^erased-/) })
  expect(second!.stream).toBe(other.stream)
  const left = (second!.data as typeof other.data).evidence.entries.map(({ text }) => text)
  expect(left).toEqual(["login of alice failed", "", "login of grüner failed"])
})

it("erases nothing for a value that names nobody", async () => {
  const directory = newDirectory()
  const { stream, id, type, data, metadata } = overflowRaised({}, { position: 1 })
  await using(directory, (store) => store.append(stream, [{ id, type, data, metadata }], "any"))
  for (const value of ["", " ", "-", "*"]) await expect(erase(directory, value)).rejects.toThrow(/names nobody/)
  expect(await eventsIn(directory)).toHaveLength(1)
})

it("leaves what rules say alone, also when an offender is called so", async () => {
  const directory = newDirectory()
  const made = decisionMade({ number: 1, value: "198.51.100.7", overflow: randomUUID() }, { position: 1 })
  const raised = overflowRaised({ message: "the message of ssh-bf" }, { position: 2 })
  const proposed = [made, raised].map(({ id, type, data, metadata }) => ({ id, type, data, metadata }))
  await using(directory, (store) => store.append(raised.stream, proposed, "any"))
  const said = JSON.stringify([made.data, raised.data])
  const words = new Set(said.match(/[\p{L}\p{N}_.:-]*\p{L}[\p{L}\p{N}_.:-]*/gu))
  for (const name of ["ban", "message", "scope", "value", "evidence", "Ip", "crowdsec", ...words]) {
    await erase(directory, name)
    const [decision, overflow] = await eventsIn(directory)
    expect([decision!.type, overflow!.type], name).toEqual(["DecisionMade", "OverflowRaised"])
    expect({ ...decision!.data, reason: "", value: "" }, name).toEqual({ ...made.data, reason: "", value: "" })
    expect((overflow!.data as typeof raised.data).scenario, name).toEqual(raised.data.scenario)
  }
  expect(await findings(directory)).toEqual([])
})
