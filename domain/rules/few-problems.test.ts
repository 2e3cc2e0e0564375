import { expect, test } from "vitest"
import { fewProblems } from "./few-problems.ts"

const problem = (file: string, line: number) => ({
  code: `TST-${file}`,
  severity: "warning" as const,
  file,
  line,
  message: "m"
})

test("of each file ten problems are told, and how many more there are", () => {
  const all = Array.from({ length: 2_012 }, (_, n) => problem(n % 3 === 0 ? "B" : "A", n))
  const lines = (file: string) => all.filter((each) => each.file === file).slice(0, 10)
  const told = fewProblems([problem("C", 1), ...all])
  expect(told).toHaveLength(23)
  expect(told).toEqual(expect.arrayContaining([problem("C", 1), ...lines("A"), ...lines("B")]))
  expect(told.slice(-2)).toEqual([
    {
      code: "TST-B",
      severity: "warning",
      file: "B",
      message: "… and 661 more of this kind, the last one in line 2010"
    },
    {
      code: "TST-A",
      severity: "warning",
      file: "A",
      message: "… and 1331 more of this kind, the last one in line 2011"
    }
  ])
  expect(fewProblems(all.slice(0, 10))).toEqual(all.slice(0, 10))
})
