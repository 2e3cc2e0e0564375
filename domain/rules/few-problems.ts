/** Problems of files with very many lines, such as pattern files and lists. */
import type { Problem } from "../document/problem.ts"

/** Of one file. */
const mostTold = 10

/** What is wrong with the lines of files, the first ten of each file: nobody reads thousands, and the rest is counted. */
export const fewProblems = (problems: ReadonlyArray<Problem>): ReadonlyArray<Problem> => {
  const told: Array<Problem> = []
  const byFile = new Map<string, { count: number; last: Problem }>()
  for (const problem of problems) {
    const { count } = byFile.get(problem.file) ?? { count: 0 }
    byFile.set(problem.file, { count: count + 1, last: problem })
    if (count < mostTold) told.push(problem)
  }
  for (const [file, { count, last }] of byFile) {
    if (count <= mostTold) continue
    const message = `… and ${count - mostTold} more of this kind, the last one in line ${last.line}`
    told.push({ code: last.code, severity: last.severity, file, message })
  }
  return told
}
