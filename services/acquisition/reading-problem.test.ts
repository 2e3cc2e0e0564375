import { expect, test } from "vitest"
import { readingProblem } from "./reading-problem.ts"

const failed = (code: string): Error => Object.assign(new Error(code), { code })

test("says that it is the limit of open files, and not the disk, that keeps a log from being read", () => {
  for (const code of ["EMFILE", "ENFILE"]) {
    const problem = readingProblem("/var/log/a.log", failed(code))
    expect(problem).toMatchObject({ code: "TST-ACQ-DESCRIPTORS", severity: "error", file: "/var/log/a.log" })
    expect(problem.message).toContain("LimitNOFILE")
  }
  expect(readingProblem("/var/log/a.log", failed("EIO"))).toMatchObject({ code: "TST-ACQ-READ" })
})
