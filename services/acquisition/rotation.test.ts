import { describe, expect, it } from "vitest"
import { oldestFirst, rotatedName, rotationOf } from "./rotation.ts"

describe("names of rotated files", () => {
  it("tell the log, the suffix and the compression", () => {
    expect(rotatedName("auth.log.1")).toEqual({ base: "auth.log", suffix: "1", compressed: false, place: "behind" })
    expect(rotatedName("auth.log-20260131.gz")).toEqual({
      base: "auth.log",
      suffix: "20260131",
      compressed: true,
      place: "behind"
    })
    expect(rotatedName("auth.log.2026-01-31.zst")).toMatchObject({ base: "auth.log", suffix: "2026-01-31" })
    expect(rotatedName("access-2026-01-31.log.gz")).toMatchObject({ base: "access.log", suffix: "2026-01-31" })
    expect(rotatedName("auth.log.old")).toMatchObject({ base: "auth.log", suffix: "old" })
  })

  it("are not seen in the names of logs", () => {
    for (const name of ["auth.log", "web-1.log", "web-2.log", "syslog", "auth.log.gz", ".1", "a.log.1.tmp"]) {
      expect(rotatedName(name)).toBeUndefined()
    }
  })

  it("belong to the log asked about, also when its own name looks rotated", () => {
    expect(rotationOf("auth.log", "auth.log.1")).toMatchObject({ suffix: "1" })
    expect(rotationOf("web-01", "web-01.3.gz")).toMatchObject({ base: "web-01", suffix: "3", compressed: true })
    expect(rotationOf("auth.log", "xauth.log.1")).toBeUndefined()
    expect(rotationOf("auth", "auth.log.1")).toBeUndefined()
    expect(rotationOf("auth.log", "auth.log")).toBeUndefined()
  })

  it("tell the age: high counters, early dates, and the time of the last change when they are mixed", () => {
    const order = (...files: ReadonlyArray<readonly [string, number]>): Array<string> =>
      oldestFirst(files.map(([name, modified]) => ({ name, modified, born: 0, rotated: rotatedName(name)! }))).map(
        ({ name }) => name
      )
    expect(order(["l.2", 0], ["l.10.gz", 9], ["l.1", 0])).toEqual(["l.10.gz", "l.2", "l.1"])
    expect(order(["l-20260201", 0], ["l-20251231.gz", 9])).toEqual(["l-20251231.gz", "l-20260201"])
    expect(order(["l.1", 5], ["l-20260201", 3], ["l.old", 9])).toEqual(["l-20260201", "l.1", "l.old"])
  })

  it("tell the age also where loggers count inside of the name, upwards or downwards", () => {
    const order = (...files: ReadonlyArray<readonly [string, number, number]>): Array<string> =>
      oldestFirst(
        files.map(([name, born, modified]) => ({ name, modified, born, rotated: rotationOf("l.log", name)! }))
      ).map(({ name }) => name)
    expect(order(["l.1.log", 10, 20], ["l.2.log", 20, 30], ["l.10.log", 30, 40])).toEqual([
      ...["l.1.log", "l.2.log", "l.10.log"]
    ])
    // The writer of the first was late; the second was compressed, so that its time of birth says nothing.
    expect(order(["l.1.log", 20, 30], ["l.2.log", 10, 90])).toEqual(["l.2.log", "l.1.log"])
    expect(order(["l.1.log", 20, 30], ["l.2.log.gz", 40, 20])).toEqual(["l.2.log.gz", "l.1.log"])
    expect(order(["l.1.log", 0, 5], ["l.2.log", 0, 5])).toEqual(["l.2.log", "l.1.log"])
  })
})
