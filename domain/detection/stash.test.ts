/** The lines that fill a stash are an attacker's to write. */
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import { describe, expect, it } from "vitest"
import { Stash, type StashRules } from "./stash.ts"

setFlagsFromString("--expose-gc")
const collectGarbage = runInNewContext("gc") as () => void
const heapBytes = (): number => {
  collectGarbage()
  return process.memoryUsage().heapUsed
}

const minute = 60_000_000
const rules = (strategy: StashRules["strategy"], size: number): StashRules => ({
  name: "s",
  ttlNs: BigInt(minute) * 1_000n,
  size,
  strategy
})

describe.each(["LRU", "LFU", "ARC"] as const)("a stash that goes by %s", (strategy) => {
  it("holds as many keys as its rules say, and as much memory, however many come", () => {
    const flooded = (count: number, from = 0): Stash => {
      const stash = new Stash(rules(strategy, 100))
      for (let n = from; n < from + count; n++) stash.set(`key-${n}`, `value-${n}`, n)
      return stash
    }
    flooded(1_000)
    const before = heapBytes()
    const stash = flooded(500_000)
    expect(heapBytes() - before).toBeLessThan(1_000_000)
    const { entries } = stash.snapshot()
    expect(entries).toHaveLength(100)
    expect(stash.get("key-0", 500_000)).toBe("")
    expect(stash.get("key-499999", 500_000)).toBe("value-499999")
  })

  it("is as large when what it held has expired, was asked for, set anew or restored", () => {
    const stash = new Stash(rules(strategy, 50))
    for (let n = 0; n < 10_000; n++) {
      const now = n * minute
      stash.set(`key-${n}`, "v", now)
      stash.get(`key-${n - 1}`, now)
      stash.set("again", String(n), now)
      stash.get(`nobody-${n}`, now)
    }
    expect(stash.snapshot().entries).toHaveLength(50)
    expect(stash.get("again", 9_999 * minute)).toBe("9999")
    expect(stash.get("again", 10_000 * minute)).toBe("")
    const restored = new Stash(rules(strategy, 50))
    restored.restore(stash.snapshot())
    for (let n = 0; n < 1_000; n++) restored.set(`more-${n}`, "v", n)
    expect(restored.snapshot().entries).toHaveLength(50)
  })
})

describe("a flood of keys", () => {
  it("does not drive out of an LFU stash what is used, and out of an LRU stash what was used just now", () => {
    for (const strategy of ["LRU", "LFU"] as const) {
      const stash = new Stash(rules(strategy, 100))
      stash.set("known", "v", 0)
      for (let n = 0; n < 100_000; n++) {
        if (n % 50 === 0) expect(stash.get("known", n)).toBe("v")
        stash.set(`flood-${n}`, "v", n)
      }
    }
  })
})
