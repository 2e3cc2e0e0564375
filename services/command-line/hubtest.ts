/** `testudo hubtest`: runs the tests of a hub, and helps those who write them. */
import { join } from "node:path"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import { formatProblem } from "../../domain/document/problem.ts"
import { watchHub } from "../hub/watch.ts"
import { coverageOf } from "../hubtest/coverage.ts"
import type { PreparedTest } from "../hubtest/prepared-test.ts"
import { passed, type TestResult, type TestRun } from "../hubtest/run.ts"
import { openSuite, runSuite, type Suite, type SuitePlaces, SuiteProblem } from "../hubtest/suite.ts"
import { starterHub } from "./configuration-flag.ts"
import { describe, Failure } from "./failure.ts"
import { coverageText, failureText, jsonReport, noteText, totalsOf, totalsText } from "./hubtest-report.ts"
import { jsonObjectFlag } from "./json-flag.ts"
import { nowFlag, nowOf } from "./now-flag.ts"
import { paintOf } from "./paint.ts"
import { rulesFlags } from "./rules-flag.ts"
import { toggleFlag } from "./toggle-flag.ts"

const flags = {
  names: Argument.String("name").pipe(
    Argument.withDescription("Tests to run, by name or as a pattern such as 'nginx-*'; without any all of them"),
    Argument.variadic()
  ),
  hub: rulesFlags.hub,
  tests: Flag.optional(
    Flag.String("tests").pipe(
      Flag.withMetavar("DIR"),
      Flag.withDescription("The folder of test folders; without it .tests in the hub folder")
    )
  ),
  data: rulesFlags.data,
  patterns: rulesFlags.patterns,
  now: nowFlag,
  json: jsonObjectFlag,
  watch: toggleFlag("watch", "Stay, and run again what is touched by an edit"),
  coverage: toggleFlag("coverage", "List the rules of the hub that no test has touched"),
  strict: toggleFlag(
    "strict",
    "Also count the false assertions of a test of the public hub that is known to rely on CrowdSec not counting them"
  ),
  update: toggleFlag("update", "Where assertions are missing or fail, write those that hold now")
}

export const hubtest = Command.make(
  "hubtest",
  flags,
  Effect.fnUntraced(function* (input) {
    if (input.watch && input.json) {
      const message = "--watch goes on for ever and --json prints one final object; choose one of them."
      return yield* new Failure({ code: "TST-HUBTEST-OPTIONS", message })
    }
    const hub = Option.getOrElse(input.hub, () => starterHub)
    const places = {
      hub,
      tests: Option.getOrElse(input.tests, () => join(hub, ".tests")),
      data: Option.getOrUndefined(input.data),
      patterns: input.patterns
    }
    const session = new Session(input)
    if (!input.watch) return yield* session.run(places)
    const folders = [places.hub, places.tests, ...(places.data === undefined ? [] : [places.data]), ...places.patterns]
    yield* watchHub(folders, { quiet: 150, poll: 2_000, initially: true }).pipe(
      Stream.runForEach(() => session.run(places).pipe(Effect.catch((failure) => Console.error(describe(failure)))))
    )
  })
).pipe(
  Command.withDescription("Run the tests of a hub: what its parsers and scenarios must make of sample logs"),
  Command.withExamples([
    { command: "testudo hubtest --hub ~/hub --data ~/hub-data", description: "All tests in ~/hub/.tests" },
    { command: "testudo hubtest --hub ~/hub --watch my-parser", description: "One test, again after each edit" },
    {
      command: "testudo hubtest --hub ~/hub --update my-parser",
      description: "Take what the rules make of its log now as right"
    },
    { command: "testudo hubtest --hub ~/hub --coverage", description: "And the rules that no test has touched" }
  ])
)

interface Input {
  readonly names: ReadonlyArray<string>
  readonly now: Option.Option<string>
  readonly json: boolean
  readonly watch: boolean
  readonly coverage: boolean
  readonly strict: boolean
  readonly update: boolean
}

/** Runs again and again know what they ran before: only what was edited since is run. */
class Session {
  readonly #input: Input
  readonly #digests = new Map<string, string>()
  #results: ReadonlyMap<string, TestResult> = new Map()

  constructor(input: Input) {
    this.#input = input
  }

  /** Fails when a test does. */
  run(places: SuitePlaces): Effect.Effect<void, Failure> {
    const { names, json, coverage, strict, update, now: flag } = this.#input
    const session = this
    return Effect.gen(function* () {
      const now = yield* nowOf(flag)
      const suite = yield* open(places, names)
      for (const problem of suite.problems) yield* Console.error(formatProblem(problem))
      const started = performance.now()
      yield* Effect.promise(() => session.#runAll(suite, { now, nowIsGiven: Option.isSome(flag), strict, update }))
      const seconds = (performance.now() - started) / 1000
      const results = [...session.#results.values()]
      const covered = coverage ? coverageOf(suite.places.items, results) : undefined
      const totals = totalsOf(results)
      if (json) yield* Console.log(jsonReport(results, covered))
      else {
        if (covered !== undefined) yield* Console.log(coverageText(covered, paint))
        yield* Console.log(totalsText(totals, seconds, paint))
      }
      if (totals.failed === 0) return
      const message = `${totals.failed} of ${totals.tests} tests failed.`
      return yield* new Failure({ code: "TST-HUBTEST-FAILED", message })
    })
  }

  async #runAll(suite: Suite, run: TestRun): Promise<void> {
    const { json } = this.#input
    const shown = !json && process.stderr.isTTY === true
    const results = new Map<string, TestResult>()
    const unchanged = (prepared: PreparedTest): boolean => {
      const known = this.#digests.get(prepared.test)
      this.#digests.set(prepared.test, prepared.digest)
      const result = this.#results.get(prepared.test)
      if (result === undefined || known !== prepared.digest) return false
      results.set(prepared.test, result)
      return true
    }
    for await (const result of runSuite(suite, run, unchanged)) {
      results.set(result.test, result)
      if (shown) process.stderr.write("\r\x1b[K")
      if (!json) {
        const text = passed(result) ? noteText(result, paint) : failureText(result, paint)
        if (text !== undefined) console.log(text)
      }
      if (shown) process.stderr.write(`${results.size} of ${suite.names.length}`)
    }
    if (shown) process.stderr.write("\r\x1b[K")
    this.#results = results
  }
}

const paint = paintOf(process.stdout)

const open = (places: SuitePlaces, names: ReadonlyArray<string>): Effect.Effect<Suite, Failure> =>
  Effect.tryPromise({ try: () => openSuite(places, names), catch: (cause) => cause }).pipe(
    Effect.catch((cause) =>
      cause instanceof SuiteProblem
        ? Effect.fail(new Failure({ code: cause.code, message: cause.message }))
        : Effect.die(cause)
    )
  )
