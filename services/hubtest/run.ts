/** Runs one hub test: its rules, its log, its assertions. */
import { join } from "node:path"
import { makeEngine } from "../../domain/detection/engine.ts"
import { compileRuleset } from "../../domain/detection/ruleset.ts"
import { unrecordedBatch } from "../../domain/detection/unrecorded-batch.ts"
import type { Problem } from "../../domain/document/problem.ts"
import type { RuleFile } from "../../domain/rules/rule.ts"
import { formatTimestamp } from "../../domain/time/instant.ts"
import { openGeo } from "../geo/geo.ts"
import { draftOf, type Outcomes, writeAssertions } from "./assertion-file.ts"
import { type AssertionKind, evaluateAssertions, type FailedAssertion } from "./assertions.ts"
import { type PreparedTest, tooLarge } from "./prepared-test.ts"
import { Results } from "./results.ts"
import type { TestConfiguration } from "./test-configuration.ts"
import { seenFrom } from "./test-folder.ts"
import { overridesIn } from "./test-rules.ts"

export interface TestFailure extends FailedAssertion {
  readonly file: string
}

export interface TestResult {
  readonly test: string
  /** Why the test cannot be run, or what is wrong with its rules. */
  readonly problems: ReadonlyArray<Problem>
  /** What is doubtful about its rules: no reason to fail, but mostly the reason of a failure. */
  readonly warnings: ReadonlyArray<Problem>
  readonly failures: ReadonlyArray<TestFailure>
  /** False assertions of a known exception, which count for nothing, as in CrowdSec. */
  readonly tolerated: ReadonlyArray<TestFailure>
  /** How many assertions were evaluated. */
  readonly assertions: number
  /** Files of assertions that were written. */
  readonly updated: ReadonlyArray<string>
  /** The rules that it loaded; undefined when it could not be run. */
  readonly files: ReadonlyArray<RuleFile>
  readonly touched: Touched
}

/** By name. */
export interface Touched {
  /** Nodes that took an event, by stage. */
  readonly nodes: ReadonlyMap<string, ReadonlySet<string>>
  /** Scenarios that ran over. */
  readonly scenarios: ReadonlySet<string>
}

export interface TestRun {
  /** What the test sees as now, in milliseconds since 1970. */
  readonly now: number
  /** It was said, and will be said again: what is taken from it may be written. */
  readonly nowIsGiven?: boolean
  /** Write the assertions that hold now where there are none or some fail. */
  readonly update?: boolean
  /** Make no known exceptions. */
  readonly strict?: boolean
}

export const passed = ({ problems, failures }: TestResult): boolean => problems.length === 0 && failures.length === 0

/**
 * Tests of the public hub that hold false assertions and rely on CrowdSec letting them pass: there they are told and do
 * not count.
 */
const knownExceptions: ReadonlySet<string> = new Set(["postfix-honeypot-users"])

/** From now to another time, to see what depends on it: no part of date and time is the same then, nor the weekday. */
const otherwhile = ((400 * 24 + 1) * 3600 + 61) * 1000 + 1

export const runTest = async (
  prepared: PreparedTest,
  { now, nowIsGiven = false, update = false, strict = false }: TestRun
): Promise<TestResult> => {
  const { test, folder, configuration, files, oversized } = prepared
  const nothing = {
    test,
    warnings: [],
    failures: [],
    tolerated: [],
    assertions: 0,
    updated: [],
    files,
    touched: { nodes: new Map(), scenarios: new Set<string>() }
  }
  if (configuration === undefined) return { ...nothing, problems: [...prepared.problems, ...Object.values(oversized)] }
  const asked = askedBy(configuration)
  const lost = (["parser", "scenario"] as const).flatMap((kind) =>
    update && asked.includes(kind) ? [] : (oversized[kind] ?? [])
  )
  const unusable = [...prepared.problems, ...lost]
  if (unusable.length > 0) return { ...nothing, problems: unusable }

  const rules = rulesFor(prepared)
  const { outcomes, problems: ofReading } = readLog(prepared, configuration, rules, now)
  const problems = [...rules.problems, ...ofReading]
  if (asked.length === 0) problems.push(unasking(join(folder, "config.yaml")))
  const failures: Array<TestFailure> = []
  const tolerated: Array<TestFailure> = []
  const outdated: Array<AssertionKind> = []
  let assertions = 0
  const isUpdated = update && problems.length === 0
  for (const kind of asked) {
    const file = join(folder, `${kind}.assert`)
    const evaluation = evaluateAssertions(
      kind,
      prepared.assertions[kind],
      outcomes[kind],
      strict || !knownExceptions.has(test)
    )
    if (isUpdated && (evaluation.count === 0 || evaluation.failed.length > 0)) {
      outdated.push(kind)
      continue
    }
    assertions += evaluation.count
    for (const failure of evaluation.failed) failures.push({ file, ...failure })
    for (const failure of evaluation.tolerated) tolerated.push({ file, ...failure })
    if (evaluation.count === 0) problems.push(oversized[kind] ?? unasserted(file))
  }

  const updated: Array<string> = []
  if (outdated.length > 0) {
    // What is taken from the clock is false at the next run.
    const others = nowIsGiven ? [] : [readLog(prepared, configuration, rules, now + otherwhile).outcomes]
    const drafts = outdated.map((kind) => draftOf(join(folder, `${kind}.assert`), kind, [outcomes, ...others]))
    problems.push(...drafts.filter((draft) => "code" in draft))
    if (problems.length === 0) {
      for (const draft of drafts.filter((each) => "lines" in each)) {
        const problem = await writeAssertions(draft)
        if (problem !== undefined) problems.push(problem)
        else updated.push(draft.file)
        assertions += draft.lines.length
      }
    }
  }
  const { warnings } = rules
  return { test, problems, warnings, failures, tolerated, assertions, updated, files, touched: touchedBy(outcomes) }
}

/** Which files of assertions count. */
const askedBy = ({ ignoreParsers, items }: TestConfiguration): ReadonlyArray<AssertionKind> => [
  ...(ignoreParsers ? [] : (["parser"] as const)),
  ...(items.scenarios.length > 0 ? (["scenario"] as const) : [])
]

/** The rules of the test, ready to read its log. */
const rulesFor = ({ folder, files }: PreparedTest) => {
  const { ruleset, problems: found } = compileRuleset(files, { names: "off" })
  const { geo, problems: damaged } = openGeo(files)
  const overrides = overridesIn(folder)
  // What is written there stands on other lines than in the parser that is made of it.
  const told = [...found, ...damaged].map(({ line, ...problem }) =>
    line === undefined || problem.file === overrides ? problem : { ...problem, line }
  )
  const problems = told.filter(({ severity }) => severity === "error")
  const warnings = told.filter(({ severity }) => severity === "warning")
  return { ruleset, geo, problems, warnings }
}

const readLog = (
  { folder, lines }: PreparedTest,
  configuration: TestConfiguration,
  { ruleset, geo }: Pick<ReturnType<typeof rulesFor>, "ruleset" | "geo">,
  now: number
): { readonly outcomes: Outcomes; readonly problems: ReadonlyArray<Problem> } => {
  const results = new Results()
  const { labels } = configuration
  const logFile = seenFrom(folder, configuration.logFile)
  const batch = unrecordedBatch({ path: logFile, labels, zone: "UTC", observedAt: formatTimestamp(now) })
  makeEngine(ruleset, { geo, time: "said", watch: results.watch }).pour(batch, lines)
  const tooMany = "gives so many results that they are not kept; use fewer lines or rules"
  return {
    outcomes: { parser: results.parsers, scenario: results.overflows() },
    problems: results.areCut ? [tooLarge(logFile, tooMany)] : []
  }
}

const unasserted = (file: string): Problem => ({
  code: "TST-HUBTEST-NO-ASSERTION",
  severity: "error",
  file,
  message: "holds no assertion, so nothing is proved; --update writes those that hold now"
})

const unasking = (file: string): Problem => ({
  code: "TST-HUBTEST-NO-ASSERTION",
  severity: "error",
  file,
  message:
    "asks about nothing, so nothing is proved: name `scenarios`, or have the parsers' assertions count with `ignore_parsers: false`"
})

const touchedBy = ({ parser, scenario }: Outcomes): Touched => {
  const nodes = new Map<string, ReadonlySet<string>>()
  for (const [stage, each] of parser) {
    const took = [...each].filter(([, passes]) => passes.some(({ Success }) => Success))
    nodes.set(stage, new Set(took.map(([name]) => name)))
  }
  return { nodes, scenarios: new Set(scenario.flatMap(({ Overflow }) => Overflow.Alert?.Scenario ?? [])) }
}
