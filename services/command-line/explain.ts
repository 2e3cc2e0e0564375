/** `testudo explain`: what the rules make of a log line, and why. */
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import { Explainer, type LineExplanation } from "../../domain/detection/explanation.ts"
import { compileRuleset } from "../../domain/detection/ruleset.ts"
import { formatProblem } from "../../domain/document/problem.ts"
import { openGeo } from "../geo/geo.ts"
import { loadHub } from "../hub/hub.ts"
import { counted } from "./counted.ts"
import { explainedFile, explainedLine, isFile, type LinesOptions } from "./explained-lines.ts"
import { explanationTree } from "./explanation-tree.ts"
import { Failure } from "./failure.ts"
import { jsonObjectFlag } from "./json-flag.ts"
import { jsonText } from "./json-text.ts"
import { logTypeFlag } from "./log-type-flag.ts"
import { nowFlag, nowOf } from "./now-flag.ts"
import { paintOf } from "./paint.ts"
import { hubOf, rulesFlags } from "./rules-flag.ts"
import { checkZone, timezoneFlag } from "./timezone-flag.ts"
import { toggleFlag } from "./toggle-flag.ts"

const flags = {
  given: Argument.String("line").pipe(
    Argument.withDescription("A log line (quoted), or a log file, plain or compressed, or - for standard input")
  ),
  type: logTypeFlag,
  ...rulesFlags,
  now: nowFlag,
  timezone: timezoneFlag,
  failures: toggleFlag("failures", "Only lines that no parser took to the end"),
  verbose: toggleFlag("verbose", "Also name the parsers that did not take the line"),
  json: jsonObjectFlag
}

export const explain = Command.make(
  "explain",
  flags,
  Effect.fnUntraced(function* (input) {
    const now = yield* nowOf(input.now)
    yield* checkZone(input.timezone)
    const { files, problems: found } = yield* loadHub(hubOf(input))
    const { ruleset, problems: broken } = compileRuleset(files, { names: "off" })
    const { geo, problems: damaged } = openGeo(files)
    const problems = [...found, ...broken, ...damaged]
    for (const problem of problems) yield* Console.error(formatProblem(problem))

    const explainer = new Explainer(ruleset, { geo })
    const output = input.json ? jsonOutput() : treeOutput(input.verbose)
    let unread = false
    const seen = { lines: 0, understood: 0 }
    const options: LinesOptions = {
      type: input.type,
      zone: input.timezone,
      now,
      report: (problem) => {
        if (problem.severity === "error") unread = true
        console.error(formatProblem(problem))
      },
      each: (batch, line, number) => {
        const explanation = explainer.explain(batch, line)
        if (explanation === undefined) return
        seen.lines += 1
        if (explanation.parsed) seen.understood += 1
        if (!(input.failures && explanation.parsed)) output.add(explanation, number)
      }
    }
    const fromFile = yield* Effect.promise(() => isFile(input.given))
    if (!fromFile && looksLikeFile(input.given)) {
      const message = `There is no file ${input.given}. To have a line explained that looks like one, give it on standard input: echo LINE | testudo explain -t ${input.type} -`
      return yield* new Failure({ code: "TST-EXPLAIN-NO-FILE", message })
    }
    output.begin()
    if (fromFile) yield* explainedFile(input.given, options)
    else explainedLine(input.given, options)
    output.end(seen)
    if (seen.lines > 0 && seen.understood === 0)
      yield* Console.error(
        `testudo: No line was understood. Is --type ${input.type} right? (TST-EXPLAIN-NOTHING-UNDERSTOOD)`
      )
    if (unread) {
      const message = `${input.given} was not read, or not to the end; see above.`
      return yield* new Failure({ code: "TST-EXPLAIN-INCOMPLETE", message })
    }
  })
).pipe(
  Command.withDescription(
    "What the rules make of a log line: which parser took it, what it set, which buckets it filled"
  ),
  Command.withExamples([
    {
      command:
        "testudo explain -t syslog 'Nov 22 10:00:01 web sshd[811]: Failed password for root from 203.0.113.5 port 40022 ssh2'",
      description: "One line"
    },
    {
      command: "testudo explain -t nginx /var/log/nginx/access.log --failures",
      description: "The lines that no parser understands"
    },
    {
      command: "tail -20 /var/log/auth.log | testudo explain -t syslog - --json",
      description: "From standard input, for a program"
    }
  ])
)

/**
 * One word of the letters that paths are made of, or several that begin like a path and have none of the marks of log
 * lines: more likely a slip in a file's name.
 */
const looksLikeFile = (given: string): boolean =>
  (/^[\p{L}\p{N}_.~/-]+$/u.test(given) && /[./]/.test(given)) || /^(?:~|\.{1,2})?\/[^"'=<>[\]|;:]*$/.test(given)

interface Output {
  readonly begin: () => void
  /** One of those that were asked for. */
  readonly add: (explanation: LineExplanation, number: number | undefined) => void
  /** How many lines there were, and how many of them were understood. */
  readonly end: (seen: { readonly lines: number; readonly understood: number }) => void
}

const treeOutput = (verbose: boolean): Output => {
  const paint = paintOf(process.stdout)
  return {
    begin: () => {},
    add: (explanation, number) => {
      const numbered = number === undefined ? {} : { number }
      console.log(`${explanationTree(explanation, { paint, verbose, ...numbered })}\n`)
    },
    end: ({ lines, understood }) => {
      if (lines !== 1) console.log(`${counted(lines, "line")}, ${understood.toLocaleString("en")} understood`)
    }
  }
}

/** `{"lines":[…],"read":N,"understood":N}`, written piece by piece: a log may be long. */
const jsonOutput = (): Output => {
  let written = 0
  return {
    begin: () => void process.stdout.write('{"lines":['),
    add: (explanation, number) => {
      const object = number === undefined ? explanation : { number, ...explanation }
      process.stdout.write(`${written === 0 ? "" : ","}${jsonText(object)}`)
      written += 1
    },
    end: ({ lines, understood }) => void process.stdout.write(`],"read":${lines},"understood":${understood}}\n`)
  }
}
