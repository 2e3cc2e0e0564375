/** A replay's result for people. */
import { printable } from "../../domain/text/printable.ts"
import { counted } from "./counted.ts"
import type { ReportedOffender } from "./replay-report.ts"

const most = 50

const dated = (timestamp: string): string => `${timestamp.slice(0, 10)} ${timestamp.slice(11, 19)}`

export const replayTable = (result: {
  readonly lines: number
  readonly parsed: number
  readonly overflows: number
  readonly decisions: number
  readonly seconds: number
  readonly linesPerSecond: number
  readonly offenders: ReadonlyArray<ReportedOffender>
}): string => {
  const { offenders } = result
  const banned = offenders.filter(({ decision }) => decision !== null)
  const shown = [...banned, ...offenders.filter(({ decision }) => decision === null)].slice(0, most)
  const widest = Math.max(8, ...shown.map(({ value }) => printable(value).length))
  const rows = shown.map(({ value, decision, scenarios, lines }) => {
    const what =
      decision === null
        ? "seen, no decision".padEnd(34)
        : printable(`${decision.type} ${decision.duration} from ${dated(decision.from)}`).padEnd(34)
    return `  ${printable(value).padEnd(widest)}  ${what}  ${String(lines).padStart(6)} ${lines === 1 ? "line " : "lines"}  ${printable(scenarios.join(", "))}`
  })
  const more = offenders.length > most ? [`  … and ${offenders.length - most} more; --json lists them all`] : []
  return [
    `${counted(result.lines, "line")} (${counted(result.parsed, "was", "were")} understood), ` +
      `${counted(result.overflows, "overflow")}, ${counted(result.decisions, "decision")}, ` +
      `${counted(banned.length, "offender")} banned`,
    ...rows,
    ...more,
    `${result.seconds.toFixed(1)} s, ${counted(result.linesPerSecond, "line")} a second`
  ].join("\n")
}
