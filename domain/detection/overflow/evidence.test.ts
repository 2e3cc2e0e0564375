import * as fc from "fast-check"
import { expect, it } from "vitest"
import { entriesOf } from "../../events/overflow.ts"
import { Alert, AlertEvent, AlertSource, RuntimeAlert } from "./alert.ts"
import { overflowData } from "./evidence.ts"

const facts = { ruleset: "r", bucket: "b", trigger: { event: "e", line: 0 } }

const eventOf = (event: string, line: number, meta: Readonly<Record<string, string>>, text = "a line"): AlertEvent =>
  new AlertEvent({
    Meta: Object.entries(meta)
      .sort(([left], [right]) => (left < right ? -1 : 1))
      .map(([Key, Value]) => ({ Key, Value })),
    Timestamp: "2026-01-01T10:00:00Z",
    reference: { event, line },
    at: 1_767_261_600_000_000 + line,
    text
  })

const evidenceOf = (events: ReadonlyArray<AlertEvent>) =>
  overflowData(Object.assign(new Alert(), { Events: events }), facts).evidence

it("what all events show alike is written once, and so is the batch that they come from", () => {
  const evidence = evidenceOf([
    eventOf("one", 3, { service: "ssh", user: "root", source_ip: "192.0.2.1" }),
    eventOf("one", 4, { service: "ssh", source_ip: "192.0.2.1" }),
    eventOf("two", 0, { service: "ssh", user: "root", source_ip: "192.0.2.1" })
  ])
  expect(evidence.meta).toEqual({ service: "ssh", source_ip: "192.0.2.1" })
  expect(evidence.entries.map(({ event, line, meta }) => [event, line, meta])).toEqual([
    ["one", 3, { user: "root" }],
    [undefined, 4, {}],
    ["two", 0, { user: "root" }]
  ])
})

const metaOf = fc.dictionary(
  fc.constantFrom("a", "b", "__proto__", "source_ip", "zone", "constructor"),
  fc.constantFrom("1", "2", ""),
  { maxKeys: 6 }
)

it("nothing is lost by it: every entry is whole again, its keys in order", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.constantFrom("x", "y"), metaOf), { minLength: 1, maxLength: 8 }), (rows) => {
      const stored = JSON.parse(
        JSON.stringify(evidenceOf(rows.map(([event, meta], line) => eventOf(event, line, meta))))
      )
      const whole = entriesOf(stored)
      expect(whole.map(({ event, line }) => [event, line])).toEqual(rows.map(([event], line) => [event, line]))
      for (const [line, [, meta]] of rows.entries())
        expect(Object.entries(whole[line]!.meta)).toEqual(
          Object.entries(meta).sort(([left], [right]) => (left < right ? -1 : 1))
        )
    })
  )
})

it("keeps the last hundred events, fewer when they are long, and always the last", () => {
  const many = Array.from({ length: 150 }, (_, line) => eventOf("e", line, {}))
  expect(evidenceOf(many).entries.map(({ line }) => line)).toEqual(Array.from({ length: 100 }, (_, at) => at + 50))
  const meta = Object.fromEntries(Array.from({ length: 64 }, (_, key) => [`k${key}`, "x".repeat(600)]))
  const long = Array.from({ length: 20 }, (_, line) => eventOf("e", line, meta, "t".repeat(1_024)))
  const kept = evidenceOf(long).entries.map(({ line }) => line)
  expect(kept).toEqual([15, 16, 17, 18, 19].filter((line) => kept.includes(line)))
  expect(kept.at(-1)).toBe(19)
  expect(kept.length).toBeGreaterThan(1)
})

it.each(["\u0001", "\ud800", "€"])(
  "fits every store whatever whoever wrote the lines put into them: %j",
  (character) => {
    const meta = Object.fromEntries(Array.from({ length: 4 }, (_, key) => [`k${key}`, character.repeat(512)]))
    const Events = Array.from({ length: 150 }, (_, line) => eventOf("e", line, meta, character.repeat(1_024)))
    const sourceOf = (end: number) =>
      Object.assign(new AlertSource(), {
        Scope: "User",
        Value: `${character.repeat(200_000)}${end}`,
        AsName: character.repeat(9_000)
      })
    const alertOf = (end: number) =>
      Object.assign(new Alert(), {
        Events,
        Source: sourceOf(end),
        Message: `User ${character.repeat(200_000)} performed 'x'`
      })
    const APIAlerts = Array.from({ length: 600 }, (_, end) => alertOf(end))
    const reprocess = Object.assign(new RuntimeAlert(), { APIAlerts })
    const overflow = overflowData(APIAlerts[0]!, { ...facts, reprocess })
    expect(Buffer.byteLength(JSON.stringify(overflow))).toBeLessThan(750_000)
    expect(overflow.evidence.entries.at(-1)?.line).toBe(149)
    expect(overflow.message).toMatch(/ performed 'x'$/)
    // Who begins alike is not the same.
    expect(overflowData(APIAlerts[1]!, facts).source.value).not.toBe(overflow.source.value)
  }
)
