/** The hub's own tests, run on this engine as `testudo hubtest` runs them. */
import { describe, expect, test } from "vitest"
import { formatProblem } from "../../domain/document/problem.ts"
import { parseTimestamp } from "../../domain/time/instant.ts"
import { prepareTest } from "./prepared-test.ts"
import { runTest } from "./run.ts"
import { openSuite } from "./suite.ts"

const suite = await openSuite({ hub: "../shared/hub", tests: "../shared/hub/.tests", data: "../shared/hub-data" }, [])

/** The hub's tests want a clock in 2026, whenever in it. */
const now = parseTimestamp("2026-06-15T12:00:00Z")!

describe("the hub's tests", () => {
  test("are there", () => expect(suite.names.length).toBeGreaterThan(200))

  test.each(suite.names)("%s", async (name) => {
    const prepared = await prepareTest(suite.places, name)
    const { problems, failures, tolerated, assertions } = await runTest(prepared, { now })
    expect(problems.map(formatProblem)).toEqual([])
    expect(failures).toEqual([])
    expect(assertions).toBeGreaterThan(0)
    // CrowdSec does not count a false `in` line, and a test has some.
    expect(tolerated.every(({ assertion }) => / in results\[/.test(assertion))).toBe(true)
  })
})
