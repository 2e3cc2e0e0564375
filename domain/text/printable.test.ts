import { expect, it } from "vitest"
import { printable } from "./printable.ts"

it("leaves letters of all scripts, and nothing that a terminal would obey", () => {
  expect(printable("grün 漢字 \u{1f600} a\\b")).toBe("grün 漢字 \u{1f600} a\\b")
  for (const code of ["\x1b[31m", "\u009b2J", "\r", "\n", "\t", "\x07", "\x7f", "\u2028", "\u202e", "\u2066"])
    expect(printable(`a${code}b`)).toBe(`a\ufffd${code.slice(1)}b`)
})

it("is not endless, and the same when it is asked twice", () => {
  expect(printable("x".repeat(1_000_000))).toBe(`${"x".repeat(300)}…`)
  expect(printable("\x1b".repeat(1_000), 2)).toBe("\ufffd\ufffd…")
  expect(printable(printable("\x1b[1m\n"))).toBe(printable("\x1b[1m\n"))
})
