import { describe, expect, test } from "vitest"
import { SourceClocks } from "./source-clocks.ts"

const second = 1_000_000
const start = 1_700_000_000 * second

describe("the time before which no line is to be expected", () => {
  test("is ten seconds behind a source whose lines are in order", () => {
    const clocks = new SourceClocks()
    for (let line = 1; line <= 100; line++) clocks.set("a", start + line * second, line)
    expect(clocks.horizon(100)).toBe(start + 90 * second)
  })

  test("waits for the slowest source, but not for one that is asleep", () => {
    const clocks = new SourceClocks()
    clocks.set("slow", start, 1)
    clocks.set("fast", start + 600 * second, 2)
    expect(clocks.horizon(2)).toBe(start - 10 * second)
    clocks.set("fast", start + 601 * second, 200_000)
    expect(clocks.horizon(200_000)).toBe(start + 591 * second)
  })

  test("reaches twice as far back as lines lately did, and less and less when they do so no more", () => {
    const clocks = new SourceClocks()
    clocks.set("a", start, 1)
    clocks.set("a", start - 60 * second, 2)
    clocks.set("a", start, 3)
    expect(clocks.horizon(3)).toBe(start - 120 * second)
    clocks.swept()
    expect(clocks.horizon(4)).toBe(start - 60 * second)
    for (let sweep = 0; sweep < 10; sweep++) clocks.swept()
    expect(clocks.horizon(5)).toBe(start - 10 * second)
  })

  test("is never more than an hour behind a line, whatever time it tells", () => {
    const clocks = new SourceClocks()
    clocks.set("a", start + 1e9 * second, 1)
    clocks.set("a", start, 2)
    expect(clocks.horizon(2)).toBe(start - 3_600 * second)
  })

  test("is the same from a snapshot", () => {
    const clocks = new SourceClocks()
    clocks.set("a", start, 1)
    clocks.set("a", start - 60 * second, 2)
    const restored = new SourceClocks()
    restored.restore(JSON.parse(JSON.stringify(clocks.snapshot())))
    expect(restored.horizon(2)).toBe(clocks.horizon(2))
  })
})
