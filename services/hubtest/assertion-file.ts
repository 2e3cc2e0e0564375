/** What `--update` leaves in `parser.assert` and `scenario.assert`. */
import { randomUUID } from "node:crypto"
import { access, chmod, constants, lstat, rename, rm, writeFile } from "node:fs/promises"
import type { PipelineEvent } from "../../domain/detection/event/pipeline-event.ts"
import type { Problem } from "../../domain/document/problem.ts"
import { isMissing, reason } from "../file-failure.ts"
import { type AssertionKind, holds } from "./assertions.ts"
import { assertionBytes, tooLarge } from "./prepared-test.ts"
import type { ParserResults } from "./results.ts"
import { parserAssertions, scenarioAssertions } from "./written-assertions.ts"

/** What assertions of each kind are about. */
export interface Outcomes {
  readonly parser: ParserResults
  readonly scenario: ReadonlyArray<PipelineEvent>
}

export interface AssertionDraft {
  readonly file: string
  readonly lines: ReadonlyArray<string>
}

/**
 * The assertions that hold for each of these outcomes: each is read as it will be, because the reading changes a line
 * with `datasource_path` in it. Gives the problem when there are none, or more than are read.
 */
export const draftOf = (
  file: string,
  kind: AssertionKind,
  [outcome, ...others]: readonly [Outcomes, ...ReadonlyArray<Outcomes>]
): AssertionDraft | Problem => {
  const candidates = kind === "parser" ? parserAssertions(outcome.parser) : scenarioAssertions(outcome.scenario)
  const bytes = candidates.reduce((sum, line) => sum + Buffer.byteLength(line) + 1, 0)
  if (bytes > assertionBytes)
    return tooLarge(file, `would have ${bytes} bytes, more than the ${assertionBytes} that are read; use fewer lines`)
  const lines = candidates.filter((line) => [outcome, ...others].every((each) => holds(kind, line, each[kind])))
  if (lines.length > 0) return { file, lines }
  return {
    code: "TST-HUBTEST-NO-ASSERTION",
    severity: "error",
    file,
    message: "is not written: all that holds now depends on the clock; give a time with --now"
  }
}

/** Takes the place of what is there. Written through a link, it might take the place of anything. */
export const writeAssertions = async ({ file, lines }: AssertionDraft): Promise<Problem | undefined> => {
  const draft = `${file}.${randomUUID()}`
  try {
    const mode = await modeOf(file)
    await writeFile(draft, `${lines.join("\n")}\n`, { flag: "wx" })
    if (mode !== undefined) await chmod(draft, mode)
    await rename(draft, file)
    return undefined
  } catch (cause) {
    await rm(draft, { force: true })
    return {
      code: "TST-HUBTEST-WRITE",
      severity: "error",
      file,
      message: `cannot be written: ${reason(cause, "writing")}`
    }
  }
}

/**
 * The permissions of a file that is there. Fails for one that may not be written: the new one that takes its place asks
 * its folder alone. Whoever took the permission from everybody meant root, too.
 */
const modeOf = async (file: string): Promise<number | undefined> => {
  const found = await lstat(file).catch((cause) => {
    if (isMissing(cause)) return undefined
    throw cause
  })
  if (found === undefined || !found.isFile()) return undefined
  if ((found.mode & 0o222) === 0) throw new Error("it is read-only")
  await access(file, constants.W_OK)
  return found.mode & 0o777
}
