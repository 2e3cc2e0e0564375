/** What `testudo replay --json` tells. */
import { expect } from "vitest"
import type { ReportedOffender } from "../services/command-line/replay-report.ts"
import type { Finished } from "./process.ts"

export interface Replayed {
  readonly lines: number
  readonly parsed: number
  readonly unparsed: number
  readonly overflows: number
  readonly decisions: number
  readonly offenders: ReadonlyArray<ReportedOffender>
}

/** Without how long it took: all else is the same each time. */
export const replayedBy = ({ status, stdout, stderr }: Finished): Replayed => {
  expect(status, stderr).toBe(0)
  const { seconds, cpuSeconds, linesPerSecond, ...rest } = JSON.parse(stdout)
  expect([typeof seconds, typeof cpuSeconds, typeof linesPerSecond]).toEqual(["number", "number", "number"])
  return rest
}
