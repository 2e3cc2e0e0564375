/** The lines that fill a stash are an attacker's to write. */
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import fc from "fast-check"
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

/** The keys of a stash as its rules mean them, in the order of their last use, and how often each was used. */
const model = ({ strategy, size }: StashRules) => {
  const uses = new Map<string, number>()
  const use = (key: string, count: number) => {
    uses.delete(key)
    if (uses.size >= size) {
      const fewest = Math.min(...uses.values())
      const victim = [...uses].find(([, of]) => strategy !== "LFU" || of === fewest)
      uses.delete(victim![0])
    }
    uses.set(key, count)
  }
  return {
    get: (key: string) => uses.has(key) && use(key, uses.get(key)! + 1),
    set: (key: string) => use(key, uses.get(key) ?? 0),
    entries: () => [...uses]
  }
}

describe.each(["LRU", "LFU", "ARC"] as const)("what a full stash gives up by %s", (strategy) => {
  const step = fc.record({ key: fc.constantFrom(..."abcdefghi"), asks: fc.boolean() })

  it("is what the rules say, also after it was restored", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 100 }), fc.nat(100), (steps, restart) => {
        let stash = new Stash(rules(strategy, 4))
        const { get, set, entries } = model(stash.rules)
        for (const [number, { key, asks }] of steps.entries()) {
          if (number === restart) {
            const snapshot = stash.snapshot()
            stash = new Stash(stash.rules)
            stash.restore(snapshot)
          }
          if (asks) {
            get(key)
            stash.get(key, 0)
          } else {
            set(key)
            stash.set(key, "v", 0)
          }
          expect(stash.snapshot().entries.map(([key, , , uses]) => [key, uses])).toEqual(entries())
        }
      })
    )
  })

  it("is found as fast among many entries as among few", () => {
    const microsecondsOf = (size: number): number => {
      const stash = new Stash(rules(strategy, size))
      let key = 0
      const flood = (count: number): number => {
        const { user } = process.threadCpuUsage()
        for (let n = 0; n < count; n++) stash.set(`key-${key++}`, "v", 0)
        return process.threadCpuUsage().user - user
      }
      flood(size)
      // What is asked for goes to the end, and used to leave a gap at the front.
      for (let n = 0; n < size * 0.9; n++) stash.get(`key-${n}`, 0)
      return flood(30_000)
    }
    microsecondsOf(1_000)
    const many = strategy === "LFU" ? 20_000 : 200_000
    expect(microsecondsOf(many)).toBeLessThan(15 * Math.max(microsecondsOf(1_000), 15_000))
  })

  it("does not keep the lines that keys and values are parts of", () => {
    const stash = new Stash(rules(strategy, 2_000))
    const before = heapBytes()
    for (let n = 0; n < 2_000; n++) {
      const line = new Array(1_000).fill(`${n} is a user of the machine`).join(" ")
      stash.set(line.slice(0, 20), line.slice(2, 22), 0)
    }
    expect(heapBytes() - before).toBeLessThan(2_000_000)
    expect(stash.get("1999 is a user of th", 0)).toBe("99 is a user of the ")
  })

  it("knows long keys by their hash, keeps the beginning of a long value, and holds 125 million characters", () => {
    const stash = new Stash(rules(strategy, 1_000_000))
    const long = (n: number) => [`${n}${"k".repeat(300)}`, `${n}${"v".repeat(9_000)}`] as const
    const before = heapBytes()
    for (let n = 0; n < 20_000; n++) stash.set(...long(n), 0)
    expect(heapBytes() - before).toBeLessThan(150_000_000)
    expect(stash.snapshot().entries.length).toBe(Math.floor(125_000_000 / (8_192 + 71)))
    expect(stash.get(long(0)[0], 0)).toBe("")
    expect(stash.get(long(19_999)[0], 0)).toBe(`19999${"v".repeat(8_187)}`)
    stash.set("short", "v", 0)
    expect(stash.get("short", 0)).toBe("v")
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
