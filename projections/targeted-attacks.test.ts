import { describe, expect, it } from "vitest"
import { start, time } from "../domain/decision/example.fixture.ts"
import { overflowRaised } from "./example.fixture.ts"
import { fold } from "./projection.ts"
import { attacksByTime, isOpenAt, targetedAttacks } from "./targeted-attacks.ts"

const minute = 60_000

const overflow = (position: number, minutes: number, kind: string, fields: Parameters<typeof overflowRaised>[0] = {}) =>
  overflowRaised(
    {
      scenarioName: `s/${position}`,
      labels: { behavior: kind },
      startAt: time(start + (minutes - 1) * minute),
      stopAt: time(start + minutes * minute),
      ...fields
    },
    { position }
  )

const attacks = (...events: ReadonlyArray<ReturnType<typeof overflow>>) =>
  attacksByTime(fold(targetedAttacks, targetedAttacks.initial(), events), 100)

describe("targeted attacks", () => {
  it("open at the third kind within an hour, and take in what follows", () => {
    const events = [overflow(0, 0, "a:x"), overflow(1, 20, "a:x"), overflow(2, 30, "b:y")]
    expect(attacks(...events)).toEqual([])
    const third = overflow(3, 59, "c:z")
    const later = overflow(4, 100, "a:x")
    const [attack, ...rest] = attacks(...events, third, later)
    expect(rest).toEqual([])
    expect(attack).toMatchObject({
      id: third.id,
      detectedBy: "kinds",
      offenders: [{ scope: "Ip", value: "203.0.113.7" }],
      kinds: ["a:x", "b:y", "c:z"],
      start: start - minute,
      end: start + 100 * minute,
      events: [...events, third, later].map(({ id }) => id)
    })
    expect(isOpenAt(attack!, start + 159 * minute)).toBe(true)
    expect(isOpenAt(attack!, start + 160 * minute)).toBe(false)
  })

  it("do not open for one kind by many scenarios, for kinds too far apart, or for different offenders", () => {
    expect(attacks(...[0, 1, 2, 3].map((index) => overflow(index, index, "ssh:bruteforce")))).toEqual([])
    expect(attacks(overflow(0, 0, "a:x"), overflow(1, 50, "b:y"), overflow(2, 101, "c:z"))).toEqual([])
    const by = (value: string) => ({ source: { scope: "Ip", value } })
    expect(
      attacks(
        overflow(0, 0, "a:x", by("192.0.2.1")),
        overflow(1, 1, "b:y", by("192.0.2.2")),
        overflow(2, 2, "c:z", by("192.0.2.3"))
      )
    ).toEqual([])
  })

  it("count scenarios without a behaviour as kinds of their own", () => {
    expect(attacks(...[0, 1, 2].map((index) => overflow(index, index, "", { labels: {} })))).toHaveLength(1)
  })

  it("are over after a quiet hour: the next is another one", () => {
    const wave = (from: number) =>
      ["a:x", "b:y", "c:z"].map((kind, index) => overflow(from + index, from + index, kind))
    expect(attacks(...wave(0), ...wave(200))).toHaveLength(2)
  })

  it("open when a meta-bucket says so, with the kinds and offenders that it counted", () => {
    const by = (value: string) => ({ source: { scope: "Ip", value } })
    const [first, second] = [overflow(0, 0, "a:x", by("192.0.2.1")), overflow(1, 1, "b:y", by("192.0.2.2"))]
    const entries = [first, second].map(({ id }) => ({ event: id, line: 0, at: time(start), text: "", meta: {} }))
    const evidence = { meta: {}, entries }
    const meta = overflow(2, 2, "generic:targeted", { source: { scope: "Range", value: "192.0.2.0/24" }, evidence })
    const [attack] = attacks(first, second, meta)
    expect(attack).toMatchObject({
      detectedBy: "meta-bucket",
      kinds: ["a:x", "b:y"],
      offenders: [
        { scope: "Range", value: "192.0.2.0/24" },
        { scope: "Ip", value: "192.0.2.1" },
        { scope: "Ip", value: "192.0.2.2" }
      ]
    })
    expect(attack!.events).toEqual([first.id, second.id, meta.id])
  })
})
