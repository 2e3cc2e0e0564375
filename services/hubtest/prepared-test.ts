/** A hub test as it is read before it runs: its rules, its log and its assertions, each in bounds. */
import { createHash } from "node:crypto"
import { readdir } from "node:fs/promises"
import { join } from "node:path"
import { gunzipSync } from "node:zlib"
import type { Problem } from "../../domain/document/problem.ts"
import type { RuleFile } from "../../domain/rules/rule.ts"
import { contentHash } from "../../domain/rules/rule-file.ts"
import { FileTooLarge, readBounded } from "../hub/folder.ts"
import { isMissing, reason } from "../file-failure.ts"
import type { AssertionKind } from "./assertions.ts"
import { readConfiguration, type TestConfiguration } from "./test-configuration.ts"
import { seenFrom, staysWithin } from "./test-folder.ts"
import { rulesOf, type TestPlaces } from "./test-rules.ts"

/** The public hub's largest test has 1,200 lines in 430 kB, 3,700 assertions in 580 kB. */
const logBytes = 16 * 1024 * 1024
const mostLines = 20_000
export const assertionBytes = 8 * 1024 * 1024

/** Everything that a test is made of. */
export interface PreparedTest {
  readonly test: string
  readonly folder: string
  readonly configuration: TestConfiguration | undefined
  readonly files: ReadonlyArray<RuleFile>
  readonly lines: ReadonlyArray<string>
  readonly assertions: Readonly<Record<AssertionKind, string>>
  readonly problems: ReadonlyArray<Problem>
  /** Files of assertions that are too large to be read: a problem, unless they are written anew. */
  readonly oversized: Readonly<Partial<Record<AssertionKind, Problem>>>
  /** Stays the same as long as nothing of it is edited. */
  readonly digest: string
}

export const prepareTest = async (places: TestPlaces, test: string): Promise<PreparedTest> => {
  const folder = join(places.tests, test)
  const problems: Array<Problem> = []
  const oversized: Partial<Record<AssertionKind, Problem>> = {}
  const unreadable = (file: string, why: string): Problem => ({
    code: "TST-HUBTEST-FILE",
    severity: "error",
    file,
    message: `cannot be read: ${why}`
  })
  const text = async (file: string, most: number): Promise<string> => {
    await staysWithin(file, [places.tests])
    const content = Buffer.from(await readBounded(file, most))
    return (file.endsWith(".gz") ? gunzipSync(content, { maxOutputLength: most }) : content).toString("utf8")
  }
  const assertionsOf = async (kind: AssertionKind): Promise<string> => {
    const file = join(folder, `${kind}.assert`)
    try {
      return await text(file, assertionBytes)
    } catch (cause) {
      if (cause instanceof FileTooLarge)
        oversized[kind] = unreadable(file, `${reason(cause)}; --update writes it anew, from a log with fewer lines`)
      else if (!isMissing(cause)) problems.push(unreadable(file, reason(cause)))
      return ""
    }
  }
  const unusable = (assertions: PreparedTest["assertions"]): PreparedTest => ({
    ...{ test, folder, configuration: undefined, files: [], lines: [], assertions, problems, oversized },
    digest: digestOf([assertions, problems, oversized])
  })
  try {
    await readdir(folder)
  } catch (cause) {
    problems.push(unreadable(folder, reason(cause)))
    return unusable({ parser: "", scenario: "" })
  }
  const read = await readConfiguration(folder)
  const assertions = { parser: await assertionsOf("parser"), scenario: await assertionsOf("scenario") }
  if (read.configuration === undefined) {
    problems.push(...read.problems)
    return unusable(assertions)
  }
  const { configuration } = read
  const { files, problems: wrong } = await rulesOf(places, folder, configuration)
  const logFile = seenFrom(folder, configuration.logFile)
  const log = await text(logFile, logBytes).catch((cause) => {
    problems.push(unreadable(logFile, reason(cause)))
    return ""
  })
  const lines = linesOf(log)
  if (lines.length > mostLines)
    problems.push(tooLarge(logFile, `has ${lines.length} lines, more than the ${mostLines} that a test may have`))
  problems.push(...wrong)
  const rules = files.map((file) => [file.path, contentHash(file)])
  const digest = digestOf([configuration, rules, log, assertions, problems, oversized])
  return { test, folder, configuration, files, lines, assertions, problems, oversized, digest }
}

const digestOf = (parts: ReadonlyArray<unknown>): string =>
  createHash("sha256").update(JSON.stringify(parts)).digest("hex")

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
