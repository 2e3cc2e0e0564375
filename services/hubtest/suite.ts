/** A folder of hub tests, and which of them to run. */
import { readdir } from "node:fs/promises"
import { resolve } from "node:path"
import { glob } from "../../domain/expression/glob.ts"
import type { Problem } from "../../domain/document/problem.ts"
import { suggestion } from "../../domain/text/suggestion.ts"
import { reason } from "../file-failure.ts"
import { findItems } from "../hub/item.ts"
import { type PreparedTest, prepareTest } from "./prepared-test.ts"
import { runTest, type TestResult, type TestRun } from "./run.ts"
import { findTests, meantBy } from "./test-folder.ts"
import type { TestPlaces } from "./test-rules.ts"

/** Why no test can be run at all. */
export class SuiteProblem extends Error {
  override readonly name = "SuiteProblem"
  readonly code: "TST-HUBTEST-FOLDER" | "TST-HUBTEST-NO-TEST"

  constructor(code: SuiteProblem["code"], message: string) {
    super(message)
    this.code = code
  }
}

export interface SuitePlaces {
  readonly hub: string
  readonly tests: string
  readonly data: string | undefined
  readonly patterns?: ReadonlyArray<string>
}

export interface Suite {
  readonly places: TestPlaces
  /** Of the tests that were asked for, in byte order. */
  readonly names: ReadonlyArray<string>
  /** What is wrong with the hub as a whole. */
  readonly problems: ReadonlyArray<Problem>
}

/** `wanted`: names, or patterns with `*` and `?`; none: all. Rejects with a {@link SuiteProblem}. */
export const openSuite = async (places: SuitePlaces, wanted: ReadonlyArray<string>): Promise<Suite> => {
  const unreadable = (folder: string, option: string) => (cause: unknown) => {
    const message = `The folder ${folder} cannot be read: ${reason(cause)}. Name another with ${option}.`
    throw new SuiteProblem("TST-HUBTEST-FOLDER", message)
  }
  await readdir(places.hub).catch(unreadable(places.hub, "--hub"))
  const all = await findTests(places.tests).catch(unreadable(places.tests, "--tests"))
  if (all.length === 0) {
    const meant = await meantBy(resolve(places.tests))
    const message = `There are no tests in ${places.tests}; each is a folder with a config.yaml in it.${meant}`
    throw new SuiteProblem("TST-HUBTEST-NO-TEST", message)
  }
  for (const pattern of wanted) {
    if (all.some((name) => glob(pattern, name))) continue
    const near = suggestion(pattern, all)
    const advice = near === undefined ? "" : ` Did you mean ${near}?`
    throw new SuiteProblem("TST-HUBTEST-NO-TEST", `There is no test ${pattern} in ${places.tests}.${advice}`)
  }
  const names = wanted.length === 0 ? all : all.filter((name) => wanted.some((pattern) => glob(pattern, name)))
  const problems: Array<Problem> = []
  const items = await findItems(places.hub, problems)
  return { places: { ...places, patterns: places.patterns ?? [], items }, names, problems }
}

/** Runs the tests one after the other; `skip` says of a prepared one that there is nothing new about it. */
export async function* runSuite(
  { places, names }: Suite,
  run: TestRun,
  skip: (prepared: PreparedTest) => boolean = () => false
): AsyncGenerator<TestResult, void, void> {
  for (const name of names) {
    const prepared = await prepareTest(places, name)
    if (!skip(prepared)) yield await runTest(prepared, run)
  }
}
