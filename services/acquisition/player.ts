/**
 * Plays a sample log into a growing file, as if it were happening now: each line is written when its turn comes, with its
 * time stamp moved to that moment. For demonstrations and tests.
 */
import { mkdir, open, readFile, rename, stat } from "node:fs/promises"
import { dirname } from "node:path"
import * as Clock from "effect/Clock"
import * as Data from "effect/Data"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { reason } from "../file-failure.ts"
import { findStamp, type FoundStamp, type Layout, layouts } from "./time-stamp.ts"

export interface PlayOptions {
  /** Path of the sample log. */
  readonly from: string
  /** Path of the file that grows; made when it is not there, with its folder. */
  readonly into: string
  /** How long the whole sample takes, in seconds, or how many times faster than it happened. */
  readonly pace: { readonly seconds: number } | { readonly speed: number }
  /** Zone of time stamps that do not tell theirs (IANA name). Default `UTC`. */
  readonly zone?: string
  /** Layouts that may occur. Default: all. */
  readonly layouts?: ReadonlyArray<Layout>
  /** From this size on the old file is renamed to `.1` before playing. Default 16 MiB. */
  readonly rotateAt?: number
}

/** The sample cannot be played. Codes `TST-ACQ-SAMPLE` and `TST-ACQ-PLAY`. */
export class NotPlayed extends Data.TaggedError("NotPlayed")<{ readonly code: string; readonly message: string }> {}

/** A line of the sample and when it is written, in milliseconds after the start. */
export interface Cue {
  readonly after: number
  readonly line: string
  readonly stamp: FoundStamp | undefined
}

const maxSampleBytes = 64 * 1024 * 1024
const halfYear = 183 * 24 * 3_600_000
/** 2000, the year of stamps without one, is a leap year. */
const year = 366 * 24 * 3_600_000
/** Lines that are due within this time are written together, in milliseconds. */
const breath = 20

/**
 * When each line is to be written. Lines keep their order: one with an earlier time stamp than the line before, or with
 * none, goes together with that line. A new year is recognised in stamps without a year. Pure.
 */
export const arrange = (
  lines: ReadonlyArray<string>,
  pace: PlayOptions["pace"],
  zone: string,
  among: ReadonlyArray<Layout> = layouts
): ReadonlyArray<Cue> => {
  let begin: number | undefined
  let latest = 0
  let years = 0
  const found = lines.map((line) => {
    const stamp = findStamp(line, zone, among)
    if (stamp !== undefined) {
      if (begin !== undefined && stamp.time + years < begin + latest - halfYear) years += year
      begin ??= stamp.time
      latest = Math.max(latest, stamp.time + years - begin)
    }
    return { after: latest, line, stamp }
  })
  const factor = "speed" in pace ? 1 / pace.speed : latest === 0 ? 0 : (pace.seconds * 1_000) / latest
  return found.map((cue) => ({ ...cue, after: cue.after * factor }))
}

/** The line as if it happened at this time, in milliseconds since 1970. */
export const perform = ({ line, stamp }: Cue, now: number): string =>
  stamp === undefined ? line : line.slice(0, stamp.from) + stamp.write(now) + line.slice(stamp.to)

const attempt = <A>(
  file: string,
  what: string,
  doing: "reading" | "writing",
  run: () => Promise<A>
): Effect.Effect<A, NotPlayed> =>
  Effect.tryPromise({
    try: run,
    catch: (cause) =>
      cause instanceof NotPlayed
        ? cause
        : new NotPlayed({ code: "TST-ACQ-PLAY", message: `${file}: ${what} failed: ${reason(cause, doing)}.` })
  })

const readSample = async (path: string): Promise<ReadonlyArray<string>> => {
  if ((await stat(path)).size > maxSampleBytes) {
    throw new NotPlayed({
      code: "TST-ACQ-SAMPLE",
      message: `${path}: The sample has more than 64 MiB. Choose a shorter one.`
    })
  }
  const lines = (await readFile(path, "utf8")).split("\n")
  if (lines.at(-1) === "") lines.pop()
  return lines
}

const rotate = async (path: string, from: number): Promise<void> => {
  await mkdir(dirname(path), { recursive: true })
  const size = await stat(path).then(
    (status) => status.size,
    () => 0
  )
  if (size >= from) await rename(path, `${path}.1`)
}

/** Makes the growing file when it is not there yet, so that whoever follows it finds it from the beginning. */
export const touch = (into: string): Effect.Effect<void, NotPlayed> =>
  attempt(into, "Making the file", "writing", async () => {
    await mkdir(dirname(into), { recursive: true })
    await (await open(into, "a")).close()
  })

/**
 * Plays the sample once, behind whatever the growing file has, and ends. An interruption ends it between two writes: the
 * file holds whole lines only. Answers the number of lines written.
 */
export const play = (options: PlayOptions): Effect.Effect<number, NotPlayed> =>
  Effect.scoped(
    Effect.gen(function* () {
      const { from, into, pace } = options
      const lines = yield* attempt(from, "Reading the sample", "reading", () => readSample(from))
      const cues = arrange(lines, pace, options.zone ?? "UTC", options.layouts)
      if (!cues.some(({ stamp }) => stamp !== undefined)) {
        return yield* new NotPlayed({
          code: "TST-ACQ-SAMPLE",
          message: `${from}: No line has a time stamp that is known here (syslog, ISO 8601, access log, error log).`
        })
      }
      yield* attempt(into, "Rotating", "writing", () => rotate(into, options.rotateAt ?? 16 * 1024 * 1024))
      const handle = yield* Effect.acquireRelease(
        attempt(into, "Opening", "writing", () => open(into, "a")),
        (opened) => Effect.promise(() => opened.close())
      )
      const start = yield* Clock.currentTimeMillis
      let next = 0
      while (next < cues.length) {
        const now = yield* Clock.currentTimeMillis
        const due = start + cues[next]!.after
        if (due > now) {
          yield* Effect.sleep(Duration.millis(Math.max(due - now, breath)))
          continue
        }
        let text = ""
        for (; next < cues.length && start + cues[next]!.after <= now; next += 1) {
          const cue = cues[next]!
          text += `${perform(cue, start + cue.after)}\n`
        }
        yield* Effect.uninterruptible(attempt(into, "Writing", "writing", () => handle.writeFile(text)))
      }
      return cues.length
    })
  )
