/** What can be wrong with a log file, said once and clearly. Reading goes on with all other files. */
import type { Problem } from "../../domain/document/problem.ts"
import { codeOf, isMissing, isNoFolder } from "../file-failure.ts"
import { BrokenArchive } from "./compression.ts"

/** Takes note of a problem: for the console, never for control. Must not throw. */
export type Report = (problem: Problem) => void

/** Neither it nor, maybe, its folder is there. */
export const isGone = (cause: unknown): boolean => isMissing(cause) || isNoFolder(cause)

export const missing = (file: string): Problem => ({
  code: "TST-ACQ-MISSING",
  severity: "warning",
  file,
  message: "There is no such file. It is read as soon as it appears; check the path if it should be there."
})

export const noFile = (file: string, what: string): Problem => ({
  code: "TST-ACQ-NOT-A-FILE",
  severity: "error",
  file,
  message:
    file === "-"
      ? `Standard input is ${what}, not a log. Name its files instead, or pipe them in.`
      : `This is ${what}, not a log file. Name the file itself, or a pattern such as ${file.replace(/\/$/, "")}/*.log.`
})

/** What the operating system answered, for people. */
export const readingProblem = (file: string, cause: unknown): Problem => {
  const code = codeOf(cause)
  if (isGone(cause)) return { ...missing(file), severity: "error", message: "There is no such file. Check the path." }
  if (code === "EACCES" || code === "EPERM") {
    return {
      code: "TST-ACQ-PERMISSION",
      severity: "error",
      file,
      message: "No permission to read this file. Add the user that runs Testudo to the file's group (often adm)."
    }
  }
  if (code === "EMFILE" || code === "ENFILE") {
    return {
      code: "TST-ACQ-DESCRIPTORS",
      severity: "error",
      file,
      message: `This process may not open more files (${code}). Allow it more (LimitNOFILE of its systemd unit, or ulimit -n), or name fewer logs. Bouncers may find no connection either; another try follows.`
    }
  }
  if (code === "EISDIR") return noFile(file, "a directory")
  const why = code ?? (cause instanceof Error ? cause.message : String(cause))
  return {
    code: "TST-ACQ-READ",
    severity: "error",
    file,
    message: `Reading failed (${why}). Check the disk and the file system; another try follows.`
  }
}

export const binary = (file: string, offset: number): Problem => ({
  code: "TST-ACQ-BINARY",
  severity: "error",
  file,
  message: `This is no text: a NUL byte at offset ${offset}. The file is left out; name a text log instead (of UTF-16, iconv makes one).`
})

export const compressed = (file: string): Problem => ({
  code: "TST-ACQ-COMPRESSED",
  severity: "error",
  file,
  message: "This file is compressed and will not grow, so it is not watched. Read it with: testudo replay FILE"
})

/** A file that could not be read to its end. */
export const endedEarly = (file: {
  readonly path: string
  readonly end: number
  readonly failure: unknown
}): Problem =>
  file.failure instanceof BrokenArchive
    ? {
        code: "TST-ACQ-BROKEN-ARCHIVE",
        severity: "warning",
        file: file.path,
        message: `The compressed file is damaged or cut off (${file.failure.message}): its first ${file.end} bytes of text were read, the rest is lost.`
      }
    : readingProblem(file.path, file.failure)

export const readBefore = (file: string): Problem => ({
  code: "TST-ACQ-READ-BEFORE",
  severity: "warning",
  file,
  message: "All that is in this file was read before, from it or from a copy of it, and is not counted again."
})

export const changed = (file: string): Problem => ({
  code: "TST-ACQ-CHANGED",
  severity: "error",
  file,
  message: "This begins like input that was read before, but goes on differently. It is left out; give it as a file."
})

export const lostTrack = (file: string): Problem => ({
  code: "TST-ACQ-GAP",
  severity: "warning",
  file,
  message:
    "The file that was read last is neither here nor among its rotated files. What was written to it since is not read; reading goes on with what is newer."
})

export const cutShort = (file: string, size: number): Problem => ({
  code: "TST-ACQ-CUT",
  severity: "warning",
  file,
  message: `The end of the file was removed: it has ${size} bytes now. Reading goes on there.`
})

export const gone = (file: string): Problem => ({
  code: "TST-ACQ-GONE",
  severity: "warning",
  file,
  message: "The file was deleted or moved away. It is read as soon as it comes back."
})

export const stillWritten = (file: string): Problem => ({
  code: "TST-ACQ-STILL-WRITTEN",
  severity: "warning",
  file,
  message:
    "The file was rotated, but something still writes to the old one. Both are read; but what comes to the old one when it is compressed or deleted is lost. Make the writer reopen its log when it is rotated."
})
