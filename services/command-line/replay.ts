/** `testudo replay`: cold logs on their own time. Tells who would have been banned; bans nobody. */
import { constants } from "node:fs"
import { access } from "node:fs/promises"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import { LogBatchAppended } from "../../domain/events/log-batch.ts"
import { formatProblem, type Problem } from "../../domain/document/problem.ts"
import type { RuleFile } from "../../domain/rules/rule.ts"
import type { Sink } from "../acquisition/acquisition.ts"
import { readColdFiles } from "../acquisition/cold-files.ts"
import { RecordedFiles } from "../acquisition/recorded-files.ts"
import { DecisionNumbers } from "../engine/decision-numbers.ts"
import { Detection } from "../engine/detection.ts"
import { Intake } from "../engine/intake.ts"
import { whole } from "../engine/part.ts"
import { EmbeddedEventStore } from "../event-store/embedded.ts"
import type { AppendError } from "../event-store/event-store.ts"
import { storeAt } from "../event-store/located-store.ts"
import { foldLog } from "../event-store/fold-log.ts"
import { reason } from "../file-failure.ts"
import { loadHub } from "../hub/hub.ts"
import { Names } from "../names/names.ts"
import { Failure } from "./failure.ts"
import { jsonObjectFlag } from "./json-flag.ts"
import { jsonText } from "./json-text.ts"
import { logTypeFlag } from "./log-type-flag.ts"
import { nowFlag, nowOf } from "./now-flag.ts"
import { refuseBesideNode } from "./other-node.ts"
import { progressBar } from "./progress.ts"
import { ReplayReport } from "./replay-report.ts"
import { replayTable } from "./replay-table.ts"
import { namedStore } from "./store-flag.ts"
import { hubOf, rulesFlags } from "./rules-flag.ts"
import { checkZone, timezoneFlag } from "./timezone-flag.ts"

const flags = {
  files: Argument.String("file").pipe(
    Argument.withDescription("Log files, plain or compressed (.gz, .zst), in any order; - for standard input"),
    Argument.variadic({ min: 1 })
  ),
  type: logTypeFlag,
  ...rulesFlags,
  profiles: Flag.optional(
    Flag.String("profiles").pipe(
      Flag.withMetavar("FILE"),
      Flag.withDescription("Which decisions answer an overflow; without it a ban for 4 h")
    )
  ),
  store: Flag.optional(
    Flag.String("store").pipe(
      Flag.withMetavar("STORE"),
      Flag.withDescription(
        "Keep the events there (a directory, or esdb://HOST:PORT); a second run of the same files goes on where the log ends"
      )
    )
  ),
  now: nowFlag,
  timezone: timezoneFlag,
  json: jsonObjectFlag
}

/** Who names a file wants to know what comes of it, not of the ban that stands in for it. */
const checkProfiles = (file: string) =>
  Effect.tryPromise({
    try: () => access(file, constants.R_OK),
    catch: (cause) =>
      new Failure({
        code: "TST-REPLAY-PROFILES",
        message: `The profiles ${file} cannot be read: ${reason(cause)}. Name another file with --profiles.`
      })
  })

/** The store that `--store` names, and the folder for snapshots beside its events; without it, the memory. */
const storeOf = (flag: Option.Option<string>) =>
  Option.isNone(flag)
    ? Effect.succeed({ layer: EmbeddedEventStore.layerMemory, snapshots: undefined, isShared: false })
    : Effect.map(namedStore(flag.value), ({ location, snapshots }) => ({
        layer: storeAt(location, { mode: "writer", whenAway: "wait" }),
        snapshots,
        // An embedded store has one writer; a server takes from everybody.
        isShared: location.kind === "eventstoredb"
      }))

export const replay = Command.make(
  "replay",
  flags,
  Effect.fnUntraced(function* (input) {
    const now = yield* nowOf(input.now)
    yield* checkZone(input.timezone)
    yield* Effect.forEach(Option.toArray(input.profiles), checkProfiles, { discard: true })
    const { layer, snapshots, isShared } = yield* storeOf(input.store)
    const { files, problems } = yield* loadHub({
      ...hubOf(input),
      ...(Option.isSome(input.profiles) ? { profiles: input.profiles.value } : {})
    })
    const report = new ReplayReport()
    const detection = Detection.layer({
      snapshots,
      names: "off",
      atHand: Effect.succeed(files),
      time: "stands",
      part: whole,
      announce: (verdicts) =>
        Effect.sync(() => {
          for (const { events } of verdicts) for (const event of events) report.fold(event)
        })
    }).pipe(Layer.provide([Names.layerOff, DecisionNumbers.layer]), Layer.provideMerge(layer))
    yield* Effect.when(refuseBesideNode, Effect.succeed(isShared)).pipe(
      Effect.andThen(replayFiles(input, { files, problems }, now, report)),
      Effect.provide(detection)
    )
  })
).pipe(
  Command.withDescription(
    "Read logs of the past on their own time, and tell who would have been banned. Nobody is banned by it."
  ),
  Command.withExamples([
    { command: "testudo replay /var/log/auth.log* --type syslog", description: "All rotated parts, oldest first" },
    {
      command: "zcat access.log.*.gz | testudo replay - --type nginx --json",
      description: "From standard input, for a program"
    },
    {
      command: "testudo replay access.log --type nginx --hub ~/hub --data ~/hub-data --collection crowdsecurity/nginx",
      description: "With CrowdSec's hub"
    }
  ])
)

const replayFiles = Effect.fnUntraced(function* (
  input: {
    readonly files: ReadonlyArray<string>
    readonly type: string
    readonly timezone: string
    readonly json: boolean
  },
  rules: { readonly files: ReadonlyArray<RuleFile>; readonly problems: ReadonlyArray<Problem> },
  now: number,
  /** Is told what is found from now on. */
  report: ReplayReport
) {
  const detection = yield* Detection
  const intake = yield* Intake.make
  const started = performance.now()
  const cpu = process.cpuUsage()

  const { problems, inventory } = yield* detection.activate(rules.files)
  for (const problem of [...rules.problems, ...problems]) yield* Console.error(formatProblem(problem))
  if (inventory.parsers === 0) {
    return yield* new Failure({
      code: "TST-REPLAY-NO-RULES",
      message:
        "There is no parser among the rules, so no line can be understood. Name a hub folder or collections that have some."
    })
  }

  const recorded = new RecordedFiles()
  // Bodies of batches are large: short pages.
  yield* foldLog({ limit: 200, filter: { types: [LogBatchAppended.type, ...ReplayReport.types] } }, (event) => {
    report.fold(event)
    if (LogBatchAppended.is(event)) {
      recorded.add(event.data)
      intake.position = Math.max(intake.position, event.position)
    }
  })
  let unread = 0
  const progress = progressBar(!input.json && process.stderr.isTTY === true)
  const read = readColdFiles({
    paths: input.files,
    labels: { type: input.type },
    zone: input.timezone,
    sink: inStep(intake, detection),
    recorded,
    timeOf: detection.timeOf,
    now,
    onProgress: progress.show,
    report: (problem) => {
      if (problem.severity === "error") unread += 1
      progress.clear()
      console.error(formatProblem(problem))
    }
  }).pipe(Effect.andThen(Effect.suspend(() => detection.judged(intake.position))))
  yield* Effect.raceFirst(read, detection.follow)
  progress.clear()
  yield* detection.keep

  const counters = yield* detection.counters
  const seconds = (performance.now() - started) / 1000
  const used = process.cpuUsage(cpu)
  const result = {
    lines: counters.lines,
    parsed: counters.parsed,
    unparsed: counters.unparsed,
    overflows: report.overflows,
    decisions: report.decisions,
    seconds: round(seconds),
    cpuSeconds: round((used.user + used.system) / 1e6),
    linesPerSecond: Math.round(counters.lines / seconds),
    offenders: report.offenders
  }
  yield* Console.log(input.json ? jsonText(result) : replayTable(result))
  if (counters.lines > 0 && counters.parsed === 0) {
    yield* Console.error(
      `testudo: No line was understood. Is --type ${input.type} right? (TST-REPLAY-NOTHING-UNDERSTOOD)`
    )
  }
  if (counters.nameless > 0) {
    const times = counters.nameless === 1 ? "Once" : `${counters.nameless} times`
    yield* Console.error(
      `testudo: ${times} a bucket ran over whose events name nobody, so nothing came of it. Does the parser set \`source_ip\` in \`evt.Meta\`? testudo explain shows what it sets. (TST-REPLAY-NAMELESS)`
    )
  }
  if (unread > 0) {
    const what = unread === 1 ? "One input was" : `${unread} inputs were`
    return yield* new Failure({
      code: "TST-REPLAY-INCOMPLETE",
      message: `${what} not read, or not to the end; see above.`
    })
  }
})

/**
 * Goes on reading when all but the batches that were stored last are judged: so the engine has them still in memory.
 */
const inStep = (intake: Intake, detection: typeof Detection.Service): Sink<AppendError> => ({
  append: (batches) =>
    Effect.suspend(() => {
      const before = intake.position
      return Effect.andThen(intake.append(batches), detection.judged(before))
    })
})

const round = (seconds: number): number => Math.round(seconds * 1000) / 1000
