import { mkdirSync, mkdtempSync, renameSync, rmSync, utimesSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Stream from "effect/Stream"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { type Timing, watchHub } from "./watch.ts"

describe("watching a hub", () => {
  let root: string
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "watch-"))
    mkdirSync(join(root, "scenarios/me"), { recursive: true })
    mkdirSync(join(root, ".tests"))
    writeFileSync(join(root, "scenarios/me/a.yaml"), "one")
  })
  afterEach(() => rmSync(root, { recursive: true, force: true }))

  const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds))

  /** Runs the steps one by one and gives the number of news after each. */
  const counts = async (steps: ReadonlyArray<() => void>, timing: Timing = { quiet: 30, poll: 200 }) => {
    let news = 0
    const count = Stream.runForEach(watchHub([root], timing), () => Effect.sync(() => void news++))
    const fiber = Effect.runFork(count)
    await pause(400)
    const seen: number[] = []
    for (const step of steps) {
      step()
      const before = news
      for (let wait = 0; wait < 40 && news === before; wait++) await pause(50)
      await pause(150)
      seen.push(news)
    }
    await Effect.runPromise(Fiber.interrupt(fiber))
    const last = news
    writeFileSync(join(root, "scenarios/me/a.yaml"), "after the end")
    await pause(300)
    expect(news).toBe(last)
    return seen
  }

  it("tells of what is written, renamed over, added and removed, once each", async () => {
    const file = (name: string) => join(root, "scenarios/me", name)
    const steps = [
      () => writeFileSync(file("a.yaml"), "two"),
      () => {
        writeFileSync(file(".a.swp"), "three")
        renameSync(file(".a.swp"), file("a.yaml"))
      },
      () => mkdirSync(join(root, "parsers")),
      () => rmSync(file("a.yaml"))
    ]
    expect(await counts(steps)).toEqual([1, 2, 3, 4])
  })

  it("goes on when the folder is replaced", async () => {
    const steps = [
      () => rmSync(root, { recursive: true }),
      () => {
        mkdirSync(join(root, "scenarios/me"), { recursive: true })
        writeFileSync(join(root, "scenarios/me/a.yaml"), "new")
      },
      () => writeFileSync(join(root, "scenarios/me/a.yaml"), "newer")
    ]
    expect(await counts(steps)).toEqual([1, 2, 3])
  })

  it("says first, when asked, that it has begun: a change from then on is seen", async () => {
    const steps = [() => {}, () => writeFileSync(join(root, "scenarios/me/a.yaml"), "two")]
    expect(await counts(steps, { quiet: 30, poll: 200, initially: true })).toEqual([1, 2])
  })

  it("is silent about what changes nothing", async () => {
    const steps = [
      () => writeFileSync(join(root, ".tests/x"), "hidden"),
      () => utimesSync(root, new Date(), new Date())
    ]
    expect(await counts(steps)).toEqual([0, 0])
  })
})
