import fc from "fast-check"
import { expect, test } from "vitest"
import { UseCounts } from "./use-counts.ts"

test("names the key that was used the fewest times, of several the one that was not used for the longest time", () => {
  const step = fc.record({
    key: fc.constantFrom("a", "b", "c", "d", "e"),
    what: fc.constantFrom("use", "drop", "least")
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      const counts = new UseCounts()
      const model = new Map<string, number>()
      for (const { key, what } of steps) {
        const known = model.get(key)
        model.delete(key)
        if (known !== undefined) counts.remove(key, known)
        if (what !== "drop") {
          const count = known === undefined ? 0 : known + 1
          model.set(key, count)
          counts.add(key, count)
        }
        const fewest = Math.min(...model.values())
        const least = [...model].find(([, count]) => count === fewest)?.[0]
        if (what === "least" || model.size === 0) expect(counts.leastUsed).toBe(least)
      }
    })
  )
})
