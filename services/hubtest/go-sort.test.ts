import * as fc from "fast-check"
import { expect, test } from "vitest"
import { goSort } from "./go-sort.ts"

/** Sorts by the first number; the second tells equal ones apart. */
type Item = readonly [key: number, place: number]
const less = (left: Item, right: Item): boolean => left[0] < right[0]
const placed = (keys: ReadonlyArray<number>): Array<Item> => keys.map((key, place) => [key, place])

test("sorts, and loses nothing", () => {
  const keys = fc.oneof(
    fc.array(fc.integer({ min: 0, max: 5 }), { maxLength: 300 }),
    fc.array(fc.integer(), { maxLength: 300 }),
    fc.array(fc.nat(20), { minLength: 60, maxLength: 300 }).map((some) => some.sort((a, b) => b - a))
  )
  fc.assert(
    fc.property(keys, (some) => {
      const items = placed(some)
      goSort(items, less)
      expect(items.map(([key]) => key)).toEqual([...some].sort((a, b) => a - b))
      expect(items.map(([, place]) => place).sort((a, b) => a - b)).toEqual(some.map((_, place) => place))
    })
  )
})

test("leaves equal items in their order up to twelve", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(3), { maxLength: 12 }), (keys) => {
      const items = placed(keys)
      goSort(items, less)
      expect(items).toEqual(placed(keys).sort((a, b) => a[0] - b[0]))
    })
  )
})

test("does not from thirteen on: the first pivot, the median of three, changes places with the first item", () => {
  const items = placed([1, 1, 1, 1, 1, 1, 0, 1, 1, 1, 1, 1, 1])
  goSort(items, less)
  // Quarters of 13 are at 3, 6 and 9; their median is the item at 3, so the range is parted around it.
  expect(items[0]).toEqual([0, 6])
  expect(items.map(([, place]) => place)).not.toEqual([6, 0, 1, 2, 3, 4, 5, 7, 8, 9, 10, 11, 12])
})

test("is quick on what makes quicksort slow", () => {
  const shapes: ReadonlyArray<(n: number) => number> = [
    () => 0,
    (n) => n,
    (n) => -n,
    (n) => n % 2,
    (n) => Math.abs(5_000 - n),
    (n) => (n * 7919) % 64,
    (n) => (n % 17) * 1_000 + n
  ]
  for (const shape of shapes) {
    const items = placed(Array.from({ length: 10_000 }, (_, n) => shape(n)))
    let compared = 0
    goSort(items, (left, right) => {
      compared += 1
      return less(left, right)
    })
    expect(compared).toBeLessThan(600_000)
    expect(items.every((item, at) => at === 0 || !less(item, items[at - 1]!))).toBe(true)
  }
})
