/** `testudo log stats`: what the log holds. */
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Command from "effect/cli/Command"
import { foldLog } from "../event-store/fold-log.ts"
import { LogStatistics } from "../event-store/log-statistics.ts"
import { type Due, Retention, type RetentionRules } from "../retention/retention.ts"
import { counted } from "./counted.ts"
import { configurationOf } from "./configuration-flag.ts"
import { jsonFlag } from "./json-flag.ts"
import { jsonText } from "./json-text.ts"
import { readingLog, storeFlags } from "./store-flag.ts"
import { table } from "./table.ts"

const size = (bytes: number): string => {
  const units = ["B", "kB", "MB", "GB", "TB"]
  let value = bytes
  let unit = 0
  for (; value >= 1_000 && unit < units.length - 1; unit++) value /= 1_000
  return `${value < 10 && unit > 0 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`
}

const minute = (milliseconds: number): string => new Date(milliseconds).toISOString().slice(0, 16).replace("T", " ")

/** The rules of the node's configuration; undefined when the store was named without one. */
const rulesOf = (input: { readonly config: Option.Option<string>; readonly store: Option.Option<string> }) =>
  Option.isSome(input.store) && Option.isNone(input.config)
    ? Effect.succeed(undefined)
    : Effect.map(configurationOf(input.config), ({ retention }) => retention)

interface Kept {
  readonly rules: RetentionRules
  readonly due: Due
}

/** In milliseconds and bytes; null: nothing is dropped by this rule. */
const inNumbers = ({ rules: { linesAge, linesBytes, dossiersAge }, due: { batches, bytes, dossiers } }: Kept) => ({
  linesAge: linesAge ?? null,
  linesBytes: linesBytes ?? null,
  dossiersAge: dossiersAge ?? null,
  beyond: { batches, bytes, dossiers: dossiers.length }
})

const days = (milliseconds: number): string => `${Math.round(milliseconds / 8_640_000) / 10} d`

const inWords = ({ rules, due: { batches, bytes, dossiers } }: Kept): string => {
  const { linesAge, linesBytes, dossiersAge } = rules
  const lines = [
    ...(linesAge === undefined ? [] : [days(linesAge)]),
    ...(linesBytes === undefined ? [] : [size(linesBytes)])
  ]
  const kept = [
    ...(lines.length === 0 ? [] : [`lines ${lines.join(", up to ")}`]),
    ...(dossiersAge === undefined ? [] : [`dossiers for ${days(dossiersAge)}`])
  ]
  if (kept.length === 0) return "Retention: nothing is dropped."
  return `Retention: ${kept.join(", ")}. Beyond it: ${batches} batches (${size(bytes)}), ${dossiers.length} dossiers.`
}

/** Bodies of batches are large. */
const pageLength = 200

export const stats = Command.make(
  "stats",
  { ...storeFlags, json: jsonFlag },
  Effect.fnUntraced(function* (input) {
    const statistics = new LogStatistics()
    yield* foldLog({ limit: pageLength }, (event) => statistics.add(event))
    const rules = yield* rulesOf(input)
    const retention = rules === undefined ? undefined : { rules, due: yield* new Retention(rules).due }
    const kinds = statistics.kinds()
    const sum = (field: "events" | "bytes" | "lines") => kinds.reduce((total, kind) => total + kind[field], 0)
    if (input.json) {
      const shown = kinds.map(({ first, last, ...kind }) => ({
        ...kind,
        first: new Date(first).toISOString(),
        last: new Date(last).toISOString()
      }))
      const { streams, dropped } = statistics
      const totals = { events: sum("events"), streams, bytes: sum("bytes"), lines: sum("lines"), dropped }
      const kept = retention === undefined ? null : inNumbers(retention)
      return yield* Console.log(jsonText({ ...totals, retention: kept, kinds: shown }))
    }
    const rows = kinds.map(({ category, type, events, bytes, lines, first, last }) => [
      category.endsWith("-") ? `${category}…` : category,
      type,
      String(events),
      size(bytes),
      lines === 0 ? "" : String(lines),
      minute(first),
      minute(last)
    ])
    if (rows.length > 0)
      yield* Console.log(table(["STREAMS", "TYPE", "EVENTS", "SIZE", "LINES", "FIRST", "LAST"], rows))
    const gone =
      statistics.dropped === 0
        ? ""
        : `; ${counted(statistics.dropped, "older event was dropped", "older events were dropped")}`
    yield* Console.log(
      `${counted(sum("events"), "event")} in ${counted(statistics.streams, "stream")}, ${size(sum("bytes"))}, ${counted(sum("lines"), "log line")}${gone}`
    )
    if (retention !== undefined) yield* Console.log(inWords(retention))
  })
).pipe(
  Command.provide((input) => readingLog(input)),
  Command.withDescription("What the log holds: events by stream and type, sizes, first and last")
)
