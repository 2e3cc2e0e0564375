import { expect, test } from "vitest"
import { SteadyTime } from "./steady-time.ts"

const minute = 60_000
const day = 1_440 * minute

test("the clock is believed, set back or a little ahead as well", () => {
  const steady = new SteadyTime()
  expect(steady.at(100 * day, 0)).toEqual({ time: 100 * day, ahead: 0 })
  expect(steady.at(100 * day + 15 * minute, 10 * minute)).toEqual({ time: 100 * day + 15 * minute, ahead: 0 })
  expect(steady.at(90 * day, 20 * minute)).toEqual({ time: 90 * day, ahead: 0 })
})

test("a jump ahead counts after a day, unless it is taken back", () => {
  const steady = new SteadyTime()
  steady.at(0, 0)
  const jumped = (after: number) => steady.at(1_000 * day + after, after)
  for (const after of [10 * minute, 20 * minute, day])
    expect(jumped(after)).toEqual({ time: after, ahead: 1_000 * day })
  expect(steady.at(day + minute, day + minute)).toEqual({ time: day + minute, ahead: 0 })
  for (let after = day + 10 * minute; after < 2 * day + 10 * minute; after += 10 * minute)
    expect(jumped(after).time).toBe(after)
  expect(jumped(2 * day + 10 * minute)).toEqual({ time: 1_002 * day + 10 * minute, ahead: 0 })
  expect(jumped(2 * day + 20 * minute).ahead).toBe(0)
})
