import { expect, it } from "vitest"
import { replayTable } from "./replay-table.ts"

it("counts one line as one", () => {
  const offender = (value: string, lines: number) => ({
    scope: "Ip",
    value,
    scenarios: ["me/x"],
    decision: null,
    lines
  })
  const offenders = [offender("192.0.2.1", 1), offender("192.0.2.2", 2)]
  const rows = replayTable({
    lines: 3,
    parsed: 3,
    overflows: 2,
    decisions: 0,
    seconds: 1,
    linesPerSecond: 3,
    offenders
  })
  expect(rows.split("\n").slice(1, 3)).toEqual([
    `  192.0.2.1  ${"seen, no decision".padEnd(34)}       1 line   me/x`,
    `  192.0.2.2  ${"seen, no decision".padEnd(34)}       2 lines  me/x`
  ])
})
