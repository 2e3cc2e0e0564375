/** Rows in columns, for a terminal. */
import { printable } from "../../domain/text/printable.ts"

export const table = (head: ReadonlyArray<string>, rows: ReadonlyArray<ReadonlyArray<string>>): string => {
  const shown = rows.map((row) => row.map((cell) => printable(cell)))
  const widths = head.map((title, column) => Math.max(title.length, ...shown.map((row) => row[column]!.length)))
  return [head, ...shown]
    .map((row) =>
      row.map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd(widths[column]!))).join("  ")
    )
    .join("\n")
}
