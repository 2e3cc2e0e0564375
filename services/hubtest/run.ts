/** Runs one hub test: its rules, its log, its assertions (spec detection.md §6). */
import { createHash, randomUUID } from "node:crypto"
import { rename, rm, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { gunzipSync } from "node:zlib"
import { makeEngine } from "../../domain/detection/engine.ts"
import type { PipelineEvent } from "../../domain/detection/event/pipeline-event.ts"
import { compileRuleset } from "../../domain/detection/ruleset.ts"
import { unrecordedBatch } from "../../domain/detection/unrecorded-batch.ts"
import type { Problem } from "../../domain/rules/problem.ts"
import type { RuleFile } from "../../domain/rules/rule.ts"
import { contentHash } from "../../domain/rules/rule-file.ts"
import { formatTimestamp } from "../../domain/time/instant.ts"
import { openGeo } from "../geo/geo.ts"
import { readBounded } from "../hub/folder.ts"
import { isMissing, reason } from "../hub/hub-error.ts"
import { type AssertionKind, evaluateAssertions, type FailedAssertion } from "./assertions.ts"
import { Results } from "./results.ts"
import { readConfiguration, seenFrom, staysWithin, type TestConfiguration } from "./test-folder.ts"
import { overridesIn, rulesOf, type TestPlaces } from "./test-rules.ts"
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
  /** Names of nodes that took an event, of scenarios that ran over. */
  readonly touched: ReadonlySet<string>
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

/** The public hub's largest test has 1,200 lines in 430 kB, 3,700 assertions in 580 kB. */
const logBytes = 16 * 1024 * 1024
const mostLines = 20_000
const assertionBytes = 8 * 1024 * 1024

/** Everything that a test is made of, read but not run. */
export interface PreparedTest {
  readonly test: string
  readonly folder: string
  readonly configuration: TestConfiguration | undefined
  readonly files: ReadonlyArray<RuleFile>
  readonly lines: ReadonlyArray<string>
  readonly assertions: Readonly<Record<AssertionKind, string>>
  readonly problems: ReadonlyArray<Problem>
  /** Stays the same as long as nothing of it is edited. */
  readonly digest: string
}

export const prepareTest = async (places: TestPlaces, test: string): Promise<PreparedTest> => {
  const folder = join(places.tests, test)
  const read = await readConfiguration(folder)
  const problems: Array<Problem> = []
  const text = async (name: string, most: number, missing?: string): Promise<string> => {
    const file = seenFrom(folder, name)
    try {
      await staysWithin(file, [places.tests])
      const content = Buffer.from(await readBounded(file, most))
      return (file.endsWith(".gz") ? gunzipSync(content, { maxOutputLength: most }) : content).toString("utf8")
    } catch (cause) {
      if (missing !== undefined && isMissing(cause)) return missing
      problems.push({ code: "TST-HUBTEST-FILE", severity: "error", file, message: `cannot be read: ${reason(cause)}` })
      return ""
    }
  }
  const assertions = {
    parser: await text("parser.assert", assertionBytes, ""),
    scenario: await text("scenario.assert", assertionBytes, "")
  }
  const base = { test, folder, assertions, problems, files: [] as ReadonlyArray<RuleFile>, lines: [] }
  if ("problem" in read) {
    problems.push(read.problem)
    return { ...base, configuration: undefined, digest: "" }
  }
  const { configuration } = read
  const rules = await rulesOf(places, folder, configuration)
  const log = await text(configuration.logFile, logBytes)
  const lines = linesOf(log)
  if (lines.length > mostLines)
    problems.push(
      tooLarge(
        seenFrom(folder, configuration.logFile),
        `has ${lines.length} lines, more than the ${mostLines} that a test may have`
      )
    )
  problems.push(...rules.problems)
  const parts = [configuration, rules.files.map((file) => [file.path, contentHash(file)]), log, assertions, problems]
  const digest = createHash("sha256").update(JSON.stringify(parts)).digest("hex")
  return { ...base, configuration, files: rules.files, lines, digest }
}

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
    touched: new Set<string>()
  }
  if (configuration === undefined || prepared.problems.length > 0) return { ...nothing, problems: prepared.problems }

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
    touched: touchedBy(results, overflows)
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

const tooLarge = (file: string, message: string): Problem => ({
  code: "TST-HUBTEST-TOO-LARGE",
  severity: "error",
  file,
  message
})

const unasserted = (file: string): Problem => ({
  code: "TST-HUBTEST-NO-ASSERTION",
  severity: "error",
  file,
  message: "holds no assertion, so nothing is proved; --update writes those that hold now"
})

const linesOf = (log: string): ReadonlyArray<string> =>
  log
    .replace(/^\ufeff/, "")
    .split("\n")
    .map((line) => (line.endsWith("\r") ? line.slice(0, -1) : line))

const touchedBy = (results: Results, overflows: ReadonlyArray<PipelineEvent>): ReadonlySet<string> => {
  const touched = new Set<string>()
  for (const nodes of results.parsers.values()) {
    for (const [name, passes] of nodes) if (passes.some(({ Success }) => Success)) touched.add(name)
  }
  for (const { Overflow } of overflows) if (Overflow.Alert !== undefined) touched.add(Overflow.Alert.Scenario)
  return touched
}
