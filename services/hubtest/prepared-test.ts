/** A hub test as it is read before it runs: its rules, its log and its assertions, each in bounds. */
import { createHash } from "node:crypto"
import { join } from "node:path"
import { gunzipSync } from "node:zlib"
import type { Problem } from "../../domain/rules/problem.ts"
import type { RuleFile } from "../../domain/rules/rule.ts"
import { contentHash } from "../../domain/rules/rule-file.ts"
import { readBounded } from "../hub/folder.ts"
import { isMissing, reason } from "../hub/hub-error.ts"
import type { AssertionKind } from "./assertions.ts"
import { readConfiguration, seenFrom, staysWithin, type TestConfiguration } from "./test-folder.ts"
import { rulesOf, type TestPlaces } from "./test-rules.ts"

/** The public hub's largest test has 1,200 lines in 430 kB, 3,700 assertions in 580 kB. */
const logBytes = 16 * 1024 * 1024
const mostLines = 20_000
const assertionBytes = 8 * 1024 * 1024

/** Everything that a test is made of. */
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

export const tooLarge = (file: string, message: string): Problem => ({
  code: "TST-HUBTEST-TOO-LARGE",
  severity: "error",
  file,
  message
})

const linesOf = (log: string): ReadonlyArray<string> =>
  log
    .replace(/^\ufeff/, "")
    .split("\n")
    .map((line) => (line.endsWith("\r") ? line.slice(0, -1) : line))
