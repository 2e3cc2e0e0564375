import fc from "fast-check"
import { expect, test } from "vitest"
import { Recency } from "./recency.ts"

test("keeps numbers in the order in which they were last touched", () => {
  const step = fc.record({ number: fc.nat(300), removes: fc.boolean() })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 400 }), (steps) => {
      const recency = new Recency()
      const model: Array<number> = []
      for (const { number, removes } of steps) {
        const place = model.indexOf(number)
        if (place >= 0) model.splice(place, 1)
        if (place < 0) recency.add(number)
        else if (removes) recency.remove(number)
        else recency.touch(number)
        if (place < 0 || !removes) model.push(number)
        expect([...recency.numbers()]).toEqual(model)
        expect(recency.oldest).toBe(model[0])
        expect(recency.newest).toBe(model.at(-1))
      }
    })
  )
})
