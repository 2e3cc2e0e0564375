/** Runs one hub test: its rules, its log, its assertions. */
import { randomUUID } from "node:crypto"
import { rename, rm, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { makeEngine } from "../../domain/detection/engine.ts"
import type { PipelineEvent } from "../../domain/detection/event/pipeline-event.ts"
import { compileRuleset } from "../../domain/detection/ruleset.ts"
import { unrecordedBatch } from "../../domain/detection/unrecorded-batch.ts"
import type { Problem } from "../../domain/rules/problem.ts"
import type { RuleFile } from "../../domain/rules/rule.ts"
import { formatTimestamp } from "../../domain/time/instant.ts"
import { openGeo } from "../geo/geo.ts"
import { reason } from "../hub/hub-error.ts"
import { type AssertionKind, evaluateAssertions, type FailedAssertion } from "./assertions.ts"
import { type PreparedTest, tooLarge } from "./prepared-test.ts"
import { type ParserResults, Results } from "./results.ts"
import { seenFrom } from "./test-folder.ts"
import { overridesIn } from "./test-rules.ts"
import { parserAssertions, scenarioAssertions } from "./written-assertions.ts"

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

export const runTest = async (
  prepared: PreparedTest,
  { now, update = false, strict = false }: TestRun
): Promise<TestResult> => {
  const { test, folder, configuration, files } = prepared
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
  const unusable = [...prepared.problems, ...Object.values(prepared.oversized)]
  if (configuration === undefined || unusable.length > 0) return { ...nothing, problems: unusable }

  const { ruleset, problems: found } = compileRuleset(files, { names: "off" })
  const { geo, problems: damaged } = openGeo(files)
  const overrides = overridesIn(folder)
  // What is written there stands on other lines than in the parser that is made of it.
  const told = [...found, ...damaged].map(({ line, ...problem }) =>
    line === undefined || problem.file === overrides ? problem : { ...problem, line }
  )
  const problems = told.filter(({ severity }) => severity === "error")
  const warnings = told.filter(({ severity }) => severity === "warning")
  const results = new Results()
  const { labels } = configuration
  const logFile = seenFrom(folder, configuration.logFile)
  const clock = formatTimestamp(now)
  const batch = unrecordedBatch({
    path: logFile,
    labels,
    zone: "UTC",
    observedAt: clock
  })
  makeEngine(ruleset, { geo, time: "said", watch: results.watch }).pour(batch, prepared.lines)
  const overflows = results.overflows()
  if (results.areCut)
    problems.push(tooLarge(logFile, "gives so many results that they are not kept; use fewer lines or rules"))

  const failures: Array<TestFailure> = []
  const tolerated: Array<TestFailure> = []
  const updated: Array<string> = []
  let assertions = 0
  const judge = async (kind: AssertionKind, outcome: unknown, holding: () => ReadonlyArray<string>): Promise<void> => {
    const file = join(folder, `${kind}.assert`)
    const evaluation = evaluateAssertions(
      kind,
      prepared.assertions[kind],
      outcome,
      strict || !knownExceptions.has(test)
    )
    if (update && problems.length === 0 && (evaluation.count === 0 || evaluation.failed.length > 0)) {
      // What is taken from the clock is false at the next run.
      const lines = holding().filter((line) => !line.includes(clock))
      const problem = await write(file, lines)
      if (problem !== undefined) problems.push(problem)
      else updated.push(file)
      assertions += lines.length
      return
    }
    assertions += evaluation.count
    for (const failure of evaluation.failed) failures.push({ file, ...failure })
    for (const failure of evaluation.tolerated) tolerated.push({ file, ...failure })
    if (evaluation.count === 0) problems.push(unasserted(file))
  }
  if (!configuration.ignoreParsers) await judge("parser", results.parsers, () => parserAssertions(results.parsers))
  if (configuration.items.scenarios.length > 0) await judge("scenario", overflows, () => scenarioAssertions(overflows))
  return {
    test,
    problems,
    warnings,
    failures,
    tolerated,
    assertions,
    updated,
    files,
    touched: touchedBy(results.parsers, overflows)
  }
}

/** Takes the place of what is there. Written through a link, it might take the place of anything. */
const write = async (file: string, lines: ReadonlyArray<string>): Promise<Problem | undefined> => {
  const draft = `${file}.${randomUUID()}`
  try {
    await writeFile(draft, `${lines.join("\n")}\n`, { flag: "wx" })
    await rename(draft, file)
    return undefined
  } catch (cause) {
    await rm(draft, { force: true })
    return { code: "TST-HUBTEST-WRITE", severity: "error", file, message: `cannot be written: ${reason(cause)}` }
  }
}

const unasserted = (file: string): Problem => ({
  code: "TST-HUBTEST-NO-ASSERTION",
  severity: "error",
  file,
  message: "holds no assertion, so nothing is proved; --update writes those that hold now"
})

const touchedBy = (parser: ParserResults, scenario: ReadonlyArray<PipelineEvent>): Touched => {
  const nodes = new Map<string, ReadonlySet<string>>()
  for (const [stage, each] of parser) {
    const took = [...each].filter(([, passes]) => passes.some(({ Success }) => Success))
    nodes.set(stage, new Set(took.map(([name]) => name)))
  }
  return { nodes, scenarios: new Set(scenario.flatMap(({ Overflow }) => Overflow.Alert?.Scenario ?? [])) }
}
