import fc from "fast-check"
import { expect, test } from "vitest"
import { AgedMap } from "./aged-map.ts"

test("is a map whose entries stand in the order in which they were last set", () => {
  const step = fc.record({ key: fc.constantFrom("", "a", "b", "c", "d", "__proto__"), deletes: fc.boolean() })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const map = new AgedMap<number>()
      const model = new Map<string, number>()
      for (const [number, { key, deletes }] of steps.entries()) {
        model.delete(key)
        if (deletes) map.delete(key)
        else {
          map.set(key, number)
          model.set(key, number)
        }
        expect([...map]).toEqual([...model])
        expect(map.size).toBe(model.size)
        expect(map.oldest).toBe(model.keys().next().value)
        expect([map.get(key), map.has(key)]).toEqual([model.get(key), model.has(key)])
      }
    })
  )
})

test("finds the oldest as fast among many as among few", () => {
  const microsecondsOf = (size: number): number => {
    const map = new AgedMap<number>()
    let key = 0
    const flood = (count: number): number => {
      const { user } = process.threadCpuUsage()
      for (let n = 0; n < count; n++) {
        if (map.size >= size) map.delete(map.oldest!)
        map.set(`key-${key}`, key++)
      }
      return process.threadCpuUsage().user - user
    }
    flood(size * 1.9)
    return flood(100_000)
  }
  microsecondsOf(1_000)
  expect(microsecondsOf(200_000)).toBeLessThan(15 * Math.max(microsecondsOf(1_000), 20_000))
})
