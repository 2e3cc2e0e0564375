import assert from "node:assert/strict"
import { BanSet } from "./ban-set.ts"
import type { Case } from "./case.fixture.ts"
import { type Verdict, verdict } from "./verdict.ts"

const now = Date.parse("2026-03-01T12:00:00Z")
const hour = 3_600_000

const ban = (id: number, value: string, fields: Record<string, unknown> = {}) => ({
  id,
  scope: value.includes("/") ? "Range" : "Ip",
  value,
  type: "ban",
  until: new Date(now + hour).toISOString(),
  scenario: "testudo/ssh-bf",
  origin: "crowdsec",
  reason: "ssh",
  ...fields
})

const setOf = async (bans: ReadonlyArray<unknown>, allowlist: ReadonlyArray<string> = []): Promise<BanSet> => {
  const set = new BanSet()
  await set.replace(
    bans,
    allowlist.map((value) => ({ value, comment: "" })),
    now
  )
  return set
}

const summary = (answer: Verdict): string =>
  typeof answer === "string" ? answer : `${answer.remediation} ${answer.decision.id}`

const judge = (set: BanSet, address: string, at = now): string => summary(verdict(set, address, at))

export const banSetCases: ReadonlyArray<Case> = [
  {
    name: "a set that was never in step knows nothing",
    run: () => {
      const set = new BanSet()
      assert.equal(judge(set, "192.0.2.1"), "unknown")
      set.add([ban(1, "192.0.2.1")], now)
      assert.equal(judge(set, "192.0.2.1"), "unknown")
    }
  },
  {
    name: "bans an address and nobody else",
    run: async () => {
      const set = await setOf([ban(1, "192.0.2.1")])
      assert.equal(judge(set, "192.0.2.1"), "ban 1")
      assert.equal(judge(set, "192.0.2.2"), "pass")
      assert.equal(judge(set, "not an address"), "unknown")
      assert.equal(judge(set, "192.0.2.0/24"), "unknown")
      assert.equal(judge(set, ""), "unknown")
    }
  },
  {
    name: "one address has many spellings",
    run: async () => {
      const set = await setOf([ban(1, "2001:DB8:0:0::1"), ban(2, "::ffff:192.0.2.1")])
      assert.equal(judge(set, "2001:db8::1"), "ban 1")
      assert.equal(judge(set, "192.0.2.1"), "ban 2")
      assert.equal(judge(set, "::ffff:192.0.2.1"), "ban 2")
    }
  },
  {
    name: "ranges cover their addresses, of their own family only",
    run: async () => {
      const set = await setOf([ban(1, "198.51.100.0/25"), ban(2, "2001:db8:7::/48"), ban(3, "0.0.0.0/32")])
      assert.equal(judge(set, "198.51.100.127"), "ban 1")
      assert.equal(judge(set, "198.51.100.128"), "pass")
      assert.equal(judge(set, "2001:db8:7:ffff::9"), "ban 2")
      assert.equal(judge(set, "2001:db8:8::9"), "pass")
      assert.equal(judge(set, "0.0.0.0"), "ban 3")
      assert.equal(judge(set, "::"), "pass")
    }
  },
  {
    name: "a whole family can be banned",
    run: async () => {
      const set = await setOf([ban(1, "0.0.0.0/0")])
      assert.equal(judge(set, "203.0.113.9"), "ban 1")
      assert.equal(judge(set, "2001:db8::1"), "pass")
    }
  },
  {
    name: "a decision ends at its time, without anybody telling",
    run: async () => {
      const set = await setOf([ban(1, "192.0.2.1"), ban(2, "198.51.100.0/24")])
      assert.equal(judge(set, "192.0.2.1", now + hour - 1), "ban 1")
      assert.equal(judge(set, "192.0.2.1", now + hour), "pass")
      assert.equal(judge(set, "198.51.100.3", now + hour), "pass")
      set.sweep(now + hour, 1_000)
      assert.equal(set.size, 0)
    }
  },
  {
    name: "sweeping goes round in bounded steps and keeps what holds",
    run: async () => {
      const many = Array.from({ length: 100 }, (_, index) =>
        ban(index, `192.0.2.${index}`, index % 2 === 0 ? { until: now + 10 * hour } : {})
      )
      const set = await setOf(many)
      for (let step = 0; step < 11; step += 1) set.sweep(now + 2 * hour, 10)
      assert.equal(set.size, 50)
      assert.equal(judge(set, "192.0.2.4", now + 2 * hour), "ban 4")
    }
  },
  {
    name: "ban before captcha before others, then the later end; the weaker one takes over when the stronger ends",
    run: async () => {
      const set = await setOf([
        ban(1, "192.0.2.1", { type: "captcha", until: now + 9 * hour }),
        ban(2, "192.0.2.0/24", { type: "ban", until: now + 2 * hour }),
        ban(3, "192.0.2.1", { type: "throttle", until: now + 20 * hour }),
        ban(4, "192.0.0.0/16", { type: "Ban", until: now + 3 * hour })
      ])
      assert.equal(judge(set, "192.0.2.1"), "ban 4")
      assert.equal(judge(set, "192.0.2.1", now + 4 * hour), "captcha 1")
      assert.equal(judge(set, "192.0.2.1", now + 10 * hour), "throttle 3")
      assert.equal(judge(set, "192.0.2.1", now + 30 * hour), "pass")
    }
  },
  {
    name: "the allowlist wins: address in a banned range, range over a banned address, spelled otherwise",
    run: async () => {
      const bans = [ban(1, "198.51.100.0/24"), ban(2, "192.0.2.77"), ban(3, "2001:db8::/32")]
      const set = await setOf(bans, ["198.51.100.7", "192.0.2.64/26", "2001:DB8:1::/48"])
      assert.equal(judge(set, "198.51.100.7"), "pass")
      assert.equal(judge(set, "198.51.100.8"), "ban 1")
      assert.equal(judge(set, "192.0.2.77"), "pass")
      assert.equal(judge(set, "2001:db8:1::5"), "pass")
      assert.equal(judge(set, "2001:db8:2::5"), "ban 3")
      set.allow([])
      assert.equal(judge(set, "192.0.2.77"), "ban 2")
    }
  },
  {
    name: "removing by id leaves the other decisions on the value; without id all of the type go",
    run: async () => {
      const set = await setOf([ban(1, "192.0.2.1"), ban(2, "192.0.2.1"), ban(3, "192.0.2.1", { type: "captcha" })])
      set.remove([{ id: 1, scope: "Ip", value: "192.0.2.1", type: "ban" }])
      assert.equal(judge(set, "192.0.2.1"), "ban 2")
      set.remove([{ scope: "Ip", value: "192.0.2.1", type: "ban" }])
      assert.equal(judge(set, "192.0.2.1"), "captcha 3")
      set.remove([{ scope: "Ip", value: "192.0.2.1", type: "captcha" }, null, 7, { value: "::1" }])
      assert.equal(judge(set, "192.0.2.1"), "pass")
      assert.equal(set.size, 0)
    }
  },
  {
    name: "adding the same decision again changes its end, and an ended one goes",
    run: async () => {
      const set = await setOf([ban(1, "192.0.2.1")])
      set.add([ban(1, "192.0.2.1", { until: now + 5 * hour })], now)
      assert.equal(set.size, 1)
      assert.equal(judge(set, "192.0.2.1", now + 4 * hour), "ban 1")
      set.add([ban(1, "192.0.2.1", { until: now - 1 })], now)
      assert.equal(set.size, 0)
    }
  },
  {
    name: "malformed entries are skipped and counted, the others count",
    run: async () => {
      const set = new BanSet()
      const counts = await set.replace(
        [
          null,
          "192.0.2.1",
          [],
          ban(1, "192.0.2.999"),
          ban(2, "192.0.2.1/33"),
          ban(3, "192.0.2.1", { until: "soon" }),
          ban(4, "192.0.2.1", { type: "" }),
          ban(5, "192.0.2.1", { id: {} }),
          ban(6, "x".repeat(2_000)),
          JSON.parse('{"__proto__": {"value": "192.0.2.9"}, "constructor": 1}'),
          ban(8, "192.0.2.8", { surprise: { deep: [1] } })
        ],
        [{ value: "nonsense" }, 4],
        now
      )
      assert.deepEqual(counts, { skipped: 12, refused: 0 })
      assert.equal(set.size, 1)
      assert.equal(judge(set, "192.0.2.8"), "ban 8")
    }
  },
  {
    name: "other scopes than addresses are for other bouncers",
    run: async () => {
      const set = new BanSet()
      const counts = await set.replace(
        [
          ban(1, "FR", { scope: "Country" }),
          ban(2, "192.0.2.1", { scope: "Username" }),
          ban(3, "192.0.2.3", { scope: "ip" })
        ],
        [],
        now
      )
      assert.deepEqual(counts, { skipped: 0, refused: 0 })
      assert.equal(judge(set, "192.0.2.1"), "pass")
      assert.equal(judge(set, "192.0.2.3"), "ban 3")
    }
  },
  {
    name: "holds no more than its limit, and few decisions per value, the strongest",
    run: async () => {
      const set = new BanSet(3)
      const counts = await set.replace(
        [1, 2, 3, 4, 5].map((last) => ban(last, `192.0.2.${last}`)),
        [],
        now
      )
      assert.deepEqual(counts, { skipped: 0, refused: 2 })
      assert.equal(judge(set, "192.0.2.3"), "ban 3")
      assert.equal(judge(set, "192.0.2.4"), "pass")

      const one = await setOf(
        Array.from({ length: 5_000 }, (_, index) => ban(index, "192.0.2.1", { until: now + hour + index }))
      )
      assert.equal(one.size, 32)
      assert.equal(judge(one, "192.0.2.1"), "ban 4999")
    }
  },
  {
    name: "a new state is taken as a whole, and the old one answers until then",
    run: async () => {
      const set = await setOf([ban(1, "192.0.2.1")])
      const bans = Array.from({ length: 50_000 }, (_, index) => ban(index + 2, `10.0.${index >> 8}.${index & 255}`))
      const taken = set.replace(bans, [], now)
      assert.equal(judge(set, "192.0.2.1"), "ban 1")
      assert.equal(judge(set, "10.0.0.0"), "pass")
      await taken
      assert.equal(judge(set, "192.0.2.1"), "pass")
      assert.equal(judge(set, "10.0.195.79"), "ban 50001")
      assert.equal(set.size, 50_000)
    }
  }
]
