/** The cases of this folder on Node; bouncers/nginx/edge.deno.test.ts runs the same on Deno. */
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { backOff } from "./back-off.ts"
import { banSetCases } from "./ban-set.cases.ts"
import { BanSet } from "./ban-set.ts"
import { eventStreamCases } from "./event-stream.cases.ts"
import { syncCases } from "./sync.cases.ts"
import { verdict } from "./verdict.ts"

describe("ban set", () => {
  for (const { name, run } of banSetCases) it(name, run)
})

describe("event stream", () => {
  for (const { name, run } of eventStreamCases) it(name, run)
})

describe("sync", () => {
  for (const { name, run } of syncCases) it(name, run)
})

describe("law", () => {
  const address = fc
    .tuple(fc.constantFrom(192, 193), fc.constantFrom(0, 128), fc.nat(3), fc.nat(3))
    .map((parts) => parts.join("."))
  const entry = fc.record({
    id: fc.nat(6),
    scope: fc.constant("Ip"),
    value: fc.oneof(
      address,
      fc.tuple(address, fc.integer({ min: 0, max: 32 })).map(([base, length]) => `${base}/${length}`)
    ),
    type: fc.constantFrom("ban", "captcha", "throttle"),
    until: fc.integer({ min: 1, max: 20 })
  })
  type Entry = typeof entry extends fc.Arbitrary<infer Value> ? Value : never

  const numberOf = (text: string): number => text.split(".").reduce((sum, part) => sum * 256 + Number(part), 0)
  const covers = (value: string, one: string): boolean => {
    const [base, length = "32"] = value.split("/")
    const size = 2 ** (32 - Number(length))
    return Math.floor(numberOf(base!) / size) === Math.floor(numberOf(one) / size)
  }
  const network = (value: string): string => {
    const [base, length = "32"] = value.split("/")
    return `${Math.floor(numberOf(base!) / 2 ** (32 - Number(length)))}/${length}`
  }
  const rank = (type: string): number => ["throttle", "captcha", "ban"].indexOf(type)

  it("the set finds what a plain list of all decisions finds", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(entry, { maxLength: 30 }),
        fc.array(fc.tuple(fc.boolean(), entry), { maxLength: 30 }),
        fc.array(address, { maxLength: 2 }),
        address,
        fc.nat(20),
        async (bans, changes, allowed, asked, at) => {
          const set = new BanSet()
          await set.replace(
            bans,
            allowed.map((value) => ({ value })),
            0
          )
          let model: Array<Entry> = []
          const drop = ({ id, value }: Entry) => {
            model = model.filter((known) => known.id !== id || network(known.value) !== network(value))
          }
          for (const one of bans) {
            drop(one)
            model.push(one)
          }
          for (const [added, one] of changes) {
            drop(one)
            if (added) model.push(one)
            if (added) set.add([one], 0)
            else set.remove([one])
          }
          if (at % 3 === 0) {
            set.sweep(at, 10)
            set.sweep(at, 1_000)
          }
          const holding = model.filter((one) => covers(one.value, asked) && one.until > at)
          const best = Math.max(...holding.map((one) => rank(one.type)))
          const end = Math.max(...holding.filter((one) => rank(one.type) === best).map((one) => one.until))
          const answer = verdict(set, asked, at)
          if (allowed.includes(asked) || holding.length === 0) expect(answer).toBe("pass")
          else
            expect(answer).toMatchObject({
              remediation: ["throttle", "captcha", "ban"][best],
              decision: { until: end }
            })
        }
      )
    )
  })

  it("a back-off starts at once, grows, and is never longer than its bound", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 10_000 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (failures, chance) => {
          const wait = backOff(failures, 5_000, () => chance)
          expect(wait).toBeLessThanOrEqual(5_000)
          expect(wait).toBeGreaterThanOrEqual(50)
          expect(backOff(1, 5_000, () => chance)).toBeLessThanOrEqual(100)
          expect(backOff(failures + 1, 5_000, () => 0.5)).toBeGreaterThanOrEqual(backOff(failures, 5_000, () => 0.5))
        }
      )
    )
  })
})
