/** What a run of hub tests says, to people and to programs. */
import { formatProblem } from "../../domain/document/problem.ts"
import { printable } from "../../domain/text/printable.ts"
import type { KindCoverage } from "../hubtest/coverage.ts"
import { passed, type TestFailure, type TestResult } from "../hubtest/run.ts"
import { counted } from "./counted.ts"
import { jsonText } from "./json-text.ts"
import type { Paint } from "./paint.ts"

/** Failures of one test that are shown; one wrong rule can make thousands. */
const mostShown = 20
const longest = 1_000

const clean = (text: string): string => printable(text, longest)

/** One failed test, with each assertion, what it expected and what it got. */
export const failureText = (result: TestResult, paint: Paint): string => {
  const problems = result.problems.slice(0, mostShown).map((problem) => `    ${formatProblem(problem)}`)
  const failures = result.failures
    .slice(0, mostShown)
    .flatMap(({ file, line, assertion, expected, got }) => [
      `    ${clean(file)}, line ${line}`,
      `      ${clean(assertion)}`,
      `      ${paint.faint("expected")}  ${paint.good(clean(expected))}`,
      `      ${paint.faint("got     ")}  ${paint.bad(clean(got))}`
    ])
  const warnings = result.warnings.slice(0, mostShown).map((problem) => `    warning: ${formatProblem(problem)}`)
  const shown = [result.problems, result.failures, result.warnings]
  const more = moreText(shown.reduce((sum, { length }) => sum + Math.max(0, length - mostShown), 0))
  return [`${paint.bad("✗")} ${clean(result.test)}`, ...problems, ...failures, ...warnings, ...more].join("\n")
}

const moreText = (hidden: number): ReadonlyArray<string> => (hidden === 0 ? [] : [`    … and ${hidden} more`])

/** Lines about a test that passed, or was written, and has something to say; undefined when it has not. */
export const noteText = (result: TestResult, paint: Paint): string | undefined => {
  const written = result.updated.map((file) => `    written: ${clean(file)}`)
  const tolerated = result.tolerated
    .slice(0, mostShown)
    .map(
      ({ file, line, assertion, got }) =>
        `    ${clean(file)}, line ${line}: false, but not counted, as in CrowdSec: ${clean(assertion)} ${paint.faint(`(got ${clean(got)})`)}`
    )
  const lines = [...written, ...tolerated, ...moreText(result.tolerated.length - tolerated.length)]
  return lines.length === 0 ? undefined : [`${paint.faint("·")} ${clean(result.test)}`, ...lines].join("\n")
}

export interface Totals {
  readonly tests: number
  readonly passed: number
  readonly failed: number
  readonly assertions: number
}

export const totalsOf = (results: ReadonlyArray<TestResult>): Totals => {
  const good = results.filter(passed).length
  const assertions = results.reduce((sum, result) => sum + result.assertions, 0)
  return { tests: results.length, passed: good, failed: results.length - good, assertions }
}

export const totalsText = (totals: Totals, seconds: number, paint: Paint): string => {
  const failed = `${totals.failed} failed`
  const what = `${paint.good(`${totals.passed} passed`)}, ${totals.failed === 0 ? failed : paint.bad(failed)}`
  return `${what} ${paint.faint(`(${counted(totals.assertions, "assertion")}, ${seconds.toFixed(1)} s)`)}`
}

/** The one object for programs; each failed test is in `failures` once. */
export const jsonReport = (results: ReadonlyArray<TestResult>, coverage?: ReadonlyArray<KindCoverage>): string =>
  jsonText({
    ...totalsOf(results),
    failures: results
      .filter((result) => !passed(result))
      .map((result) => ({ test: result.test, reason: reasonOf(result) })),
    ...(coverage === undefined ? {} : { coverage })
  })

const reasonOf = ({ problems, failures }: TestResult): string => {
  const told = [...problems.map(formatProblem), ...failures.map(failureLine)]
  const more = told.length > mostShown ? [`… and ${told.length - mostShown} more`] : []
  return [...told.slice(0, mostShown), ...more].join("\n")
}

const failureLine = ({ file, line, assertion, expected, got }: TestFailure): string =>
  `${file}, line ${line}: ${assertion}: expected ${expected}, got ${got}`

export const coverageText = (coverage: ReadonlyArray<KindCoverage>, paint: Paint): string =>
  coverage
    .flatMap(({ kind, total, touched, idle, untested }) => [
      `${kind}: ${touched} of ${total} touched by a test`,
      ...idle.map((name) => `  ${clean(name)} ${paint.faint("loaded, but nothing came of it")}`),
      ...untested.map((name) => `  ${clean(name)} ${paint.faint("loaded by no test")}`)
    ])
    .join("\n")
