/** Rows of cells as aligned text: the first two columns to the left, numbers to the right. The first row is the heading. */
export const table = (rows: ReadonlyArray<ReadonlyArray<string>>): string => {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)))
  const line = (row: ReadonlyArray<string>) =>
    row.map((cell, column) => (column < 2 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!))).join("  ")
  return rows.map(line).join("\n")
}

/** A whole number as people read it: `2,825,729`. */
export const thousands = (value: number): string => Math.round(value).toLocaleString("en")
